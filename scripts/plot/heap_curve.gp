# How much time a strategy takes in how much memory; a panel for each workload of a run of `reclaim curve`.
# `gnuplot -c heap_curve.gp FOLDER-OF-THE-SCRIPTS DATA.tsv PICTURE.svg`. One block of the data is one strategy on one workload. Columns: workload,
# strategy, heap / the smallest heap of the workload, time with the ends of its interval in ms, number of the workload, how it is drawn (0 a curve,
# 1 a point, 2 a point that leaks), status, the smallest heap in MB, strategy behind the last point (- elsewhere), number of
# the strategy.
set datafile separator "\t"
set datafile missing "?"
set encoding utf8
data = ARG2

light = "#E5E5E5"
ink = "#222222"
array colours[6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#999999"]
colour(i) = colours[int(i) % 6 + 1]

stats data using 7 nooutput
blocks = STATS_blocks
workloads = STATS_max + 1
# The blocks of a workload stand together. (Gnuplot 5.4 crashes on labels of a block that has none to show, so none is passed over by a condition.)
array first_of[workloads]
array last_of[workloads]
array strategy_of[blocks]
do for [i = 1 : workloads] { first_of[i] = -1 }
do for [i = 0 : blocks - 1] {
  stats data index i using (w = $7, s = $12, $7) nooutput
  last_of[w + 1] = i
  strategy_of[i + 1] = s
  if (first_of[w + 1] < 0) { first_of[w + 1] = i }
}
columns = workloads > 1 ? 2 : 1
rows = (workloads + columns - 1) / columns

# What is far away stands at the edge, with its place beside it.
leftmost = 0.6
rightmost = 7.0
at(x) = x < leftmost ? leftmost : x > rightmost ? rightmost : x
name(label, x) = label eq "-" ? "" : x < leftmost || x > rightmost ? sprintf(x < 10 ? "%s, at %.2g×" : "%s, at %.0f×", label, x) : label

set terminal svg size 590 * columns, 70 + 380 * rows font "DejaVu Sans,Helvetica,Arial,sans-serif,12" noenhanced background "white"
set output ARG3
set border 3 linecolor rgb ink
set tics textcolor rgb ink scale 0.5 nomirror
set grid linecolor rgb light linetype 1
set logscale x 2
set xtics ("0.6×" 0.6, "1×" 1, "" 1.25, "1.5×" 1.5, "2×" 2, "3×" 3, "4×" 4, "6×" 6)
set xrange [0.55 : 20] # with room for the names behind the last points
set logscale y 10
unset key

set multiplot layout rows, columns title "How much time does a strategy take in how much memory?\nCurves: strategies that collect when their heap is full. Points: the others, in the heap that they hold by themselves (○ leaks). Lines: 95% interval.\n× ran out of memory in that heap." offset 0, -0.5
do for [w = 0 : workloads - 1] {
  # The extremes are collected by hand: `stats` leaves its own variables undefined where a column has no number at all.
  low = 1e300
  high = 0.0
  unit = 0.0
  title = ""
  stats data using ($7 == w ? (title = strcol(1), unit = $10) : NaN) nooutput
  stats data using ($7 == w && $5 < low ? (low = $5) : NaN) nooutput
  stats data using ($7 == w && $6 > high ? (high = $6) : NaN) nooutput
  if (high == 0) { low = 1; high = 1 }
  failed = high * 1.5
  set title sprintf("%s: 1× is %.3g MB", title, unit) textcolor rgb ink
  set xlabel "heap limit / smallest heap of the workload (logarithmic)" textcolor rgb ink
  set ylabel "milliseconds (logarithmic)" textcolor rgb ink
  set yrange [low / 1.5 : high * 2]
  plot for [i = first_of[w + 1] : last_of[w + 1]] data index i using ($8 == 0 ? at($3) : NaN):4 with linespoints linecolor rgb colour(strategy_of[i + 1]) linewidth 2 pointtype 7 pointsize 0.5, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using (at($3)):4:5:6 with yerrorbars linecolor rgb colour(strategy_of[i + 1]) linewidth 1.5 pointtype 7 pointsize 0.5, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using ($8 == 1 ? at($3) : NaN):4 with points linecolor rgb colour(strategy_of[i + 1]) pointtype 7 pointsize 0.9, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using ($8 == 2 ? at($3) : NaN):4 with points linecolor rgb colour(strategy_of[i + 1]) pointtype 6 pointsize 0.9 linewidth 2, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using (strcol(9) eq "oom" ? at($3) : NaN):(failed) with points linecolor rgb colour(strategy_of[i + 1]) pointtype 2 pointsize 1 linewidth 2, \
    for [i = first_of[w + 1] : last_of[w + 1]] data index i using (at($3)):4:(name(strcol(11), $3)) with labels left offset 1, 0.4 textcolor rgb colour(strategy_of[i + 1])
}
unset multiplot
