# How many executions it took to find each planted bug that had to be searched for, from the seeds written by hand.
# `gnuplot -c score.gp DATA.tsv PICTURE.svg SEEDS LEFT-OUT`: the number of seeds, and of the pairs that those killed by themselves, which are
# no lines of the data. Its columns: bug and strategy, line, median, least, most; the kind, 0 killed by fuzzing, 1 by replay alone, 2 not at all;
# a note to stand behind the mark.
set datafile separator "\t"
set datafile missing "?"
set encoding utf8

blue = "#0072B2"
orange = "#D55E00"
grey = "#999999"
light = "#D0D0D0"
ink = "#222222"
line_height = 17
seeds = ARG3 + 0

stats ARG1 using 2 nooutput
lines = STATS_max + 1
stats ARG1 using 5 nooutput
# What was never found stands at the far end, behind the slowest.
last = STATS_records > 0 ? 10 ** ceil(log10(STATS_max > seeds ? STATS_max : seeds)) : 10 * seeds
never = last * 1.5
right = last * 12

set terminal svg size 1100, 170 + lines * line_height font "DejaVu Sans,Helvetica,Arial,sans-serif,11" noenhanced background "white"
set output ARG2

set title sprintf("How many executions until a planted bug is found?\nDots: median over the seeds; lines: least and most. Crosses: no run found it. Left is better.\n%s more pairs are not drawn: one of the %d seeds killed them by itself, before anything was searched for.", ARG4, seeds) textcolor rgb ink
set logscale x 10
set logscale x2 10
set xrange [0.8 : right]
set x2range [0.8 : right]
set yrange [lines - 0.5 : -1.5]
set xlabel "executions of the fuzz program, those of the seeds included" textcolor rgb ink
powers = "10 100 1,000 10,000 100,000 1,000,000 10,000,000 100,000,000"
set xtics ("1" 1)
set x2tics ("1" 1)
do for [power = 1 : log10(last)] {
  set xtics add (word(powers, power) 10 ** power)
  set x2tics add (word(powers, power) 10 ** power)
}
set grid xtics linecolor rgb light
set tics scale 0 textcolor rgb ink
set border 1 linecolor rgb ink
set lmargin 62
set tmargin 7
unset key
set arrow 1 from seeds, first -1.5 to seeds, first lines - 0.5 nohead dashtype 2 linecolor rgb ink
set label 1 "all seeds have run" at seeds, first -1 offset 0.5, 0 textcolor rgb ink

plot ARG1 using (1):2:ytic(1) with dots linecolor rgb "white", \
  "" using 4:2:($5 - $4):(0) with vectors nohead linewidth 2 linecolor rgb blue, \
  "" using 3:2 with points pointtype 7 pointsize 0.6 linecolor rgb blue, \
  "" using ($6 == 1 ? never : NaN):2 with points pointtype 2 pointsize 0.7 linewidth 2 linecolor rgb orange, \
  "" using ($6 == 2 ? never : NaN):2 with points pointtype 2 pointsize 0.7 linecolor rgb grey, \
  "" using ($6 > 0 ? never : NaN):2:7 with labels left offset 1, 0 textcolor rgb ink, \
  "" using 5:2:7 with labels left offset 1, 0 textcolor rgb ink
