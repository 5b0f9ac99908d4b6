# How long requests take: percentiles of their latency, and what becomes of it when they arrive on a fixed schedule.
# Data columns 6 to 10: p50, p90, p99, p99.9 and longest in microseconds; 11 and 12: lowest and highest p99 of the samples by themselves;
# 13: p99 when requests arrive at 80% of the rate that the ideal sustains. Missing where there is too little to know it.
data = ARG2
picture = ARG3
load ARG1."/common.gp"

longest = 1.0
shortest = 1e12
do for [c = 6 : 13] {
  stats data using (longest = column(c) > longest ? column(c) : longest) nooutput
  stats data using (shortest = column(c) < shortest ? column(c) : shortest) nooutput
}
first = floor(log10(shortest < longest ? shortest : longest))
last = ceil(log10(longest) + 0.01)
set logscale x 10
set xrange [10.0 ** (first - 0.15) : 10.0 ** (last + 0.75 * (last - first) + 0.4)]
set xtics ()
unit(e) = e < 0 ? sprintf("%g ns", 10.0 ** (e + 3)) : e < 3 ? sprintf("%g µs", 10.0 ** e) : e < 6 ? sprintf("%g ms", 10.0 ** (e - 3)) : sprintf("%g s", 10.0 ** (e - 6))
every = ceil((last - first) / 4.0)
do for [e = first : last : every] { set xtics add (unit(e) 10.0 ** e) }

set multiplot
question = "How long do requests take, most of them and the slowest?"
answer = "│ half of them, ● 99%, ◆ 99.9%, □ the longest; black line: p99 from the lowest to the highest sample; too few requests: no mark."
key = "△ 99% when they arrive at 80% of the rate that the ideal sustains; “full”: it cannot keep up. On the right: requests."
set xlabel "latency of a request, logarithmic" offset 0, 0.4 textcolor rgb ink
do for [i = 0 : panels - 1] {
  eval panel(i)
  plot data index i using (10.0 ** first):3:ytic(2) with dots linecolor rgb "white", \
    "" index i using 6:3:6:10 with xerrorbars pointtype 0 linewidth 1 linecolor rgb grey, \
    "" index i using 6:3:(0):(half * 1.2) with vectors nohead linewidth 2 linecolor rgb blue, \
    "" index i using 6:3:(0):(-half * 1.2) with vectors nohead linewidth 2 linecolor rgb blue, \
    "" index i using 8:3:11:12 with xerrorbars pointtype 0 linewidth 2.5 linecolor rgb ink, \
    "" index i using 8:3 with points pointtype 7 pointsize 0.8 linecolor rgb blue, \
    "" index i using 9:3 with points pointtype 13 pointsize 1 linecolor rgb sky, \
    "" index i using 10:3 with points pointtype 4 pointsize 1 linecolor rgb ink, \
    "" index i using 13:3 with points pointtype 8 pointsize 1.1 linewidth 1.5 linecolor rgb orange, \
    "" index i using (10.0 ** last):3:5 with labels left offset 0.8, 0 textcolor rgb ink
}
unset multiplot
