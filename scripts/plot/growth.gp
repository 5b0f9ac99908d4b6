# How time and memory per object grow with the number of objects; one row of panels for each workload that a run has at several sizes.
# `gnuplot -c growth.gp FOLDER-OF-THE-SCRIPTS DATA.tsv PICTURE.svg`. One block of the data is one strategy on one workload. Columns: workload,
# strategy, n, time / n with the ends of its interval in ns, resident peak / n in bytes, number of the workload, strategy behind the last point.
set datafile separator "\t"
set datafile missing "?"
set encoding utf8
data = ARG2

light = "#E5E5E5"
ink = "#222222"
array colours[6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#999999"]
colour(i) = colours[i % 6 + 1]

stats data using 8 nooutput
blocks = STATS_blocks
workloads = STATS_max + 1
# The blocks of a workload follow one another; gnuplot dies of labels in a block without a point.
array first_of[workloads]
array last_of[workloads]
do for [i = blocks - 1 : 0 : -1] {
  stats data index i using 8 nooutput
  first_of[STATS_min + 1] = i
}
do for [i = 0 : blocks - 1] {
  stats data index i using 8 nooutput
  last_of[STATS_min + 1] = i
}
stats data using 3 nooutput
smallest = STATS_min
largest = STATS_max

set terminal svg size 1180, 60 + 400 * workloads font "DejaVu Sans,Helvetica,Arial,sans-serif,12" noenhanced background "white"
set output ARG3
set border 3 linecolor rgb ink
set tics textcolor rgb ink scale 0.5 nomirror
set grid linecolor rgb light linetype 1
set logscale x 10
set format x "%.0g"
set xlabel "n, the objects that are made (logarithmic)" textcolor rgb ink
set xrange [smallest / 2 : largest * 12] # with room for the names behind the last points
unset key

set multiplot layout workloads, 2 title "How do time and memory per object grow with the number of objects?\nDots: medians; vertical lines: 95% interval of the median. Level is linear: twice the objects, twice the cost." offset 0, -0.5
do for [w = 0 : workloads - 1] {
  stats data using ($8 == w ? (name = strcol(1), $3) : NaN) nooutput
  set title name.": time" textcolor rgb ink
  set ylabel "nanoseconds an object" textcolor rgb ink
  unset logscale y
  set yrange [0 : *]
  plot for [i = first_of[w + 1] : last_of[w + 1]] data index i using 3:4 with linespoints linecolor rgb colour(i - first_of[w + 1]) linewidth 2 pointtype 7 pointsize 0.6, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using 3:4:5:6 with yerrorbars linecolor rgb colour(i - first_of[w + 1]) linewidth 1.5 pointtype 7 pointsize 0.6, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using 3:4:9 with labels left offset 1, 0 textcolor rgb colour(i - first_of[w + 1])
  set title name.": resident peak, the program's own 4 MB included" textcolor rgb ink
  set ylabel "bytes an object (logarithmic)" textcolor rgb ink
  set logscale y 10
  set yrange [10 : *]
  plot for [i = first_of[w + 1] : last_of[w + 1]] data index i using 3:7 with linespoints linecolor rgb colour(i - first_of[w + 1]) linewidth 2 pointtype 7 pointsize 0.6, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using 3:7:9 with labels left offset 1, 0 textcolor rgb colour(i - first_of[w + 1])
}
unset multiplot
