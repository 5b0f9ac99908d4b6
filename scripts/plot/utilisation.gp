# Minimum mutator utilisation: how much of any window of time is left to the program; one panel for each workload.
# `gnuplot -c utilisation.gp FOLDER-OF-THE-SCRIPTS DATA.tsv PICTURE.svg`. One block of the data is one strategy on one workload. Columns: workload,
# strategy with what is to be said of it, window in milliseconds, utilisation in percent, number of the workload, number of the strategy.
set datafile separator "\t"
set datafile missing "?"
set encoding utf8
data = ARG2

light = "#E5E5E5"
ink = "#222222"
array colours[8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#999999", "#E69F00", "#222222"]
colour(i) = colours[int(i) % 8 + 1]

stats data using 5 nooutput
blocks = STATS_blocks
workloads = STATS_max + 1
columns = workloads > 1 ? 2 : 1
rows = (workloads + columns - 1) / columns

set terminal svg size 600 * columns + 20, 80 + 330 * rows font "DejaVu Sans,Helvetica,Arial,sans-serif,12" noenhanced background "white"
set output ARG3
set border 3 linecolor rgb ink
set tics textcolor rgb ink scale 0.5 nomirror
set grid linecolor rgb light linetype 1
set logscale x 10
set xtics ("10 µs" 0.01, "100 µs" 0.1, "1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1000, "10 s" 10000)
set xlabel "length of the window, logarithmic" textcolor rgb ink
set ylabel "left to the program, at least [%]" textcolor rgb ink
set yrange [-2 : 102]
set key outside right top Left reverse textcolor rgb ink samplen 2 width -4

# The numbers and names of the blocks: the strategy's colour is the same in every panel.
array workload_of[blocks]
array strategy_of[blocks]
array titles[blocks]
array specs[workloads]
do for [i = 0 : blocks - 1] {
  stats data index i using (spec = strcol(1), name = strcol(2), w = $5, s = $6) nooutput
  workload_of[i + 1] = int(w)
  strategy_of[i + 1] = int(s)
  titles[i + 1] = name
  specs[int(w) + 1] = spec
}

set multiplot layout rows, columns title "How much of any window of time is left to the program?\nThe worst window of that length in any run. Higher is better: at 0 the program stands still for the whole window. Pauses: collections, and cascades from the 64th object on." offset 0, -0.5
do for [w = 0 : workloads - 1] {
  set title specs[w + 1] textcolor rgb ink
  plot for [i = 0 : blocks - 1] data index i using (workload_of[i + 1] == w ? $3 : NaN):4 with linespoints linecolor rgb colour(strategy_of[i + 1]) \
    linewidth 2 pointtype 7 pointsize 0.5 title (workload_of[i + 1] == w ? titles[i + 1] : "")
}
unset multiplot
