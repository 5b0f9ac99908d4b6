# How many executions it took to find each planted bug, from the seeds written by hand.
# `gnuplot -c score.gp DATA.tsv PICTURE.svg`. Data columns: bug and strategy, line, median, least, most, class, 1 if it
# survived.
set datafile separator "\t"
set datafile missing "?"
set encoding utf8

blue = "#0072B2"
orange = "#D55E00"
light = "#E5E5E5"
ink = "#222222"
line_height = 17

stats ARG1 using 2 nooutput
lines = STATS_max + 1
set terminal svg size 1100, 120 + lines * line_height font "DejaVu Sans,Helvetica,Arial,sans-serif,11" noenhanced background "white"
set output ARG2

set title "How many executions until a planted bug is found?\nDots: median over the seeds; lines: least and most. Crosses: survived every seed. Left is better." textcolor rgb ink
set logscale x 10
set xrange [0.8 : *]
set yrange [lines - 0.5 : -0.5]
set xlabel "executions of the fuzz program, those of the seeds included" textcolor rgb ink
set grid xtics linecolor rgb light
set tics scale 0 textcolor rgb ink
set border 1 linecolor rgb ink
set lmargin 62
unset key

plot ARG1 using (1):2:ytic(1) with dots linecolor rgb "white", \
  "" using 4:2:($5 - $4):(0) with vectors nohead linewidth 2 linecolor rgb blue, \
  "" using 3:2 with points pointtype 7 pointsize 0.6 linecolor rgb blue, \
  "" using ($7 == 1 ? 1 : NaN):2 with points pointtype 2 pointsize 0.6 linecolor rgb orange
