# How long the program has to wait: longest pause, longest request, longest drop; and how often a collector ran.
# Data columns 6 to 8: longest pause, request and drop in microseconds, missing where there was none.
data = ARG2
picture = ARG3
load ARG1."/common.gp"

# The extremes are collected by hand: `stats` leaves its own variables undefined where a column has no number at all.
longest = 1.0
shortest = 1e12
do for [c = 6 : 8] {
  stats data using (longest = column(c) > longest ? column(c) : longest) nooutput
  stats data using (shortest = column(c) < shortest ? column(c) : shortest) nooutput
}
first = floor(log10(shortest < longest ? shortest : longest))
last = ceil(log10(longest) + 0.01)
set logscale x 10
set xrange [10.0 ** (first - 0.15) : 10.0 ** (last + 0.55 * (last - first) + 0.4)]
set xtics ()
unit(e) = e < 3 ? sprintf("%g µs", 10.0 ** e) : e < 6 ? sprintf("%g ms", 10.0 ** (e - 3)) : sprintf("%g s", 10.0 ** (e - 6))
every = ceil((last - first) / 5.0)
do for [e = first : last : every] { set xtics add (unit(e) 10.0 ** e) }

set multiplot
question = "How long does a program have to wait?"
answer = "● longest pause of the collector    □ longest request    △ longest drop of a structure; no mark where there was none."
key = "On the right: how many collections ran, by generation, the youngest first."
set xlabel "time, logarithmic" offset 0, 0.4 textcolor rgb ink
do for [i = 0 : panels - 1] {
  eval panel(i)
  plot data index i using (10.0 ** first):3:ytic(2) with dots linecolor rgb "white", \
    "" index i using 7:3 with points pointtype 4 pointsize 1 linecolor rgb ink, \
    "" index i using 6:3 with points pointtype 7 pointsize 0.8 linecolor rgb blue, \
    "" index i using 8:3 with points pointtype 8 pointsize 1.1 linewidth 1.5 linecolor rgb orange, \
    "" index i using (10.0 ** last):3:5 with labels left offset 0.8, 0 textcolor rgb ink
}
unset multiplot
