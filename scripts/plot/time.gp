# How long each strategy takes, relative to the baseline, with the 95% interval of the ratio.
# Data columns 6 to 10: ratio, low, high, look (0 plain, 1 fastest, 2 leaking, 3 never collected, 4 no contender), place of the note.
data = ARG2
picture = ARG3
load ARG1."/common.gp"
load ARG1."/ratio_axis.gp"

set multiplot
question = "How much time does each strategy take, compared with ".baseline."?"
answer = "Bars: median of the ratios paired within each repetition; black lines: 95% interval. Left of 1× is faster."
key = "Hatched: it leaks, and is never ranked. Dark: fastest of those that are ok. White: no strategy, but the limit. Cross-hatched: never collected."
do for [i = 0 : panels - 1] {
  eval panel(i)
  set xlabel "time relative to ".baseline offset 0, 0.4 textcolor rgb ink
  set arrow 1 from 1, graph 0 to 1, graph 1 nohead linecolor rgb ink linewidth 1 front
  plot data index i using (1):3:ytic(2) with dots linecolor rgb "white", \
    "" index i using (1):($9 == 0 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb sky, \
    "" index i using (1):($9 == 1 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb blue, \
    "" index i using (1):($9 == 2 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle pattern 5 fillcolor rgb orange, \
    "" index i using (1):($9 == 3 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle pattern 1 fillcolor rgb green, \
    "" index i using (1):($9 == 4 ? $3 : NaN):(1):6:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb "white", \
    "" index i using 6:3:7:8 with xerrorbars pointtype 0 linecolor rgb "black" linewidth 1.5, \
    "" index i using 10:3:5 with labels left offset 0.8, 0 textcolor rgb ink
}
unset multiplot
