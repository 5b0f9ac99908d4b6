# What is slower and what is faster, with the 95% interval of the ratio.
# Data columns 6 to 10: ratio, low, high, look (0 no difference found or no verdict, 1 faster, 2 slower), place of the note.
data = ARG2
picture = ARG3
load ARG1."/common.gp"
load ARG1."/ratio_axis.gp"

# Differences are mostly a few per cent, which an axis of powers of two would not show.
farthest = highest > 1 / lowest ? highest : 1 / lowest
if (farthest < 1.6) {
  unset logscale x
  step = farthest < 1.05 ? 0.01 : farthest < 1.12 ? 0.02 : farthest < 1.3 ? 0.05 : 0.1
  ends = step * ceil((farthest - 1) / step)
  set xrange [1 - ends : 1 + 3 * ends]
  set xtics ()
  do for [e = -int(ends / step + 0.5) : int(ends / step + 0.5)] { set xtics add (sprintf("%+g%%%%", 100 * step * e) 1 + step * e) }
}

set multiplot
question = "Is the new one slower?"
answer = "Bars: time of the new ÷ time of the old; black lines: 95% interval. Left of the line is faster."
key = "Hatched: slower. Dark: faster. Light: no difference found, which is no proof that there is none: look at the interval."
do for [i = 0 : panels - 1] {
  eval panel(i)
  set xlabel "new ÷ old" offset 0, 0.4 textcolor rgb ink
  set arrow 1 from 1, graph 0 to 1, graph 1 nohead linecolor rgb ink linewidth 1 front
  plot data index i using (1):3:ytic(2) with dots linecolor rgb "white", \
    "" index i using (1):($9 == 0 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb light, \
    "" index i using (1):($9 == 1 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb blue, \
    "" index i using (1):($9 == 2 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle pattern 5 fillcolor rgb orange, \
    "" index i using 6:3:7:8 with xerrorbars pointtype 0 linecolor rgb "black" linewidth 1.5, \
    "" index i using 10:3:5 with labels left offset 0.8, 0 textcolor rgb ink
}
unset multiplot
