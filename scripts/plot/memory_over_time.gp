# What each strategy holds over the time of a program, beside what is reachable; a row of panels for each workload.
# `gnuplot -c memory_over_time.gp FOLDER-OF-THE-SCRIPTS DATA.tsv PICTURE.svg`. One block of the data is one strategy on one workload. Columns:
# workload, strategy, number of the workload, number of the strategy, and in megabytes: allocated so far, live, truly live, held, resident.
# Where there are more looks than a line is wide, each pair of points is the least and the most of some looks that follow each other.
set datafile separator "\t"
set datafile missing "?"
set encoding utf8
data = ARG2

light = "#E5E5E5"
ink = "#222222"
array colours[8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#999999", "#000000"]
colour(i) = colours[int(i) % 8 + 1]
dash(i) = 1 + int(i) / 8

stats data using 3 nooutput
blocks = STATS_blocks
workloads = STATS_max + 1
stats data using 4 nooutput
strategies = STATS_max + 1
array names[strategies]
array strategy_of[blocks]
array first_block_of[workloads] # what is reachable is the same in all blocks of a workload, which stand side by side
array last_block_of[workloads]
do for [i = 1 : workloads] { first_block_of[i] = -1 }
do for [i = 0 : blocks - 1] {
  stats data index i every ::0::0 using (w = $3, s = $4, label = strcol(2), $3) nooutput
  strategy_of[i + 1] = s
  names[s + 1] = label
  if (first_block_of[w + 1] < 0) { first_block_of[w + 1] = i }
  last_block_of[w + 1] = i
}

head = 92
panel_height = 252
set terminal svg size 1260, head + panel_height * workloads font "DejaVu Sans,Helvetica,Arial,sans-serif,12" noenhanced background "white"
set output ARG3
height = head + panel_height * workloads
set border 3 linecolor rgb ink
set tics textcolor rgb ink scale 0.5 nomirror
set grid ytics linecolor rgb light linetype 1
set logscale y 10
set format y "%g"
set ytics 10
unset key
floor_MB = 0.001 # nothing is 0 on a logarithmic axis
at_least(x) = x < floor_MB ? floor_MB : x

set label 1 "How much does each strategy hold, and how much of it is garbage?" at screen 0.012, 1 - 24.0 / height font ",17" textcolor rgb ink
set label 2 "Grey: what the program can still reach. What a line has above it is floating garbage. All axes of megabytes upwards are logarithmic." at screen 0.012, 1 - 46.0 / height textcolor rgb ink
place = 0.012
do for [s = 0 : strategies - 1] {
  if (strlen(names[s + 1]) > 0) {
    set label 10 + s "━ ".names[s + 1] at screen place, 1 - 70.0 / height textcolor rgb colour(s)
    place = place + (strlen(names[s + 1]) + 4) * 7.0 / 1260
  }
}

array columns[3] = [6, 8, 9]
array titles[3] = ["live: objects that are held, as asked for", "held: with headers, rounding and tables", "resident: pages of the process"]
top(w) = 1 - (head + w * panel_height + 48.0) / height
bottom(w) = 1 - (head + (w + 1) * panel_height - 48.0) / height
set multiplot
do for [w = 0 : workloads - 1] {
  spec = ""
  last = 0.0
  most = 0.01
  stats data using ($3 == w ? (spec = strcol(1), $5 > last ? (last = $5) : 0, $9 > most ? (most = $9) : 0, $8 > most ? (most = $8) : 0, 0) : NaN) nooutput
  do for [c = 1 : 3] {
    set tmargin at screen top(w)
    set bmargin at screen bottom(w)
    set lmargin at screen (0.055 + (c - 1) * 0.325)
    set rmargin at screen (0.055 + (c - 1) * 0.325 + 0.275)
    set label 5 spec at screen 0.012, top(w) + 32.0 / height font ",14" textcolor rgb ink
    set title titles[c] textcolor rgb ink offset 0, -0.6
    set xlabel "megabytes allocated so far" offset 0, 0.6 textcolor rgb ink
    set ylabel (c == 1 ? "megabytes (10^6 bytes)" : "") textcolor rgb ink offset 1, 0
    set xrange [0 : last > 0 ? last : 1]
    set yrange [floor_MB : most * 1.5]
    plot data index first_block_of[w + 1] using 5:(at_least($7)) with filledcurves y1=floor_MB linecolor rgb "#D0D0D0", \
      for [i = first_block_of[w + 1] : last_block_of[w + 1]] data index i using 5:(at_least(column(columns[c]))) with lines linecolor rgb colour(strategy_of[i + 1]) linewidth 1.5 dashtype dash(strategy_of[i + 1])
    unset label 1
    unset label 2
    do for [s = 0 : strategies - 1] { unset label 10 + s }
  }
}
unset multiplot
