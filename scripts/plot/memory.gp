# How much memory each strategy needs at its peak, and how much of it is leaked.
# Data columns 6 to 8: resident peak and leaked bytes in megabytes, place of the note.
data = ARG2
picture = ARG3
load ARG1."/common.gp"

array peaks[panels]
do for [i = 0 : panels - 1] {
  peak = 1.0
  stats data index i using (peak = $6 > peak ? $6 : peak) nooutput
  peaks[i + 1] = peak
}

set multiplot
question = "How much memory does each strategy need, and how much of it does it leak?"
answer = "Bars: peak of resident memory, median over the samples. Hatched: what the program could no longer reach and was still held at the end."
key = "Every workload has its own scale."
set xlabel "megabytes (10^6 bytes)" offset 0, 0.4 textcolor rgb ink
do for [i = 0 : panels - 1] {
  eval panel(i)
  set xrange [0 : peaks[i + 1] * 1.75]
  plot data index i using (0):3:ytic(2) with dots linecolor rgb "white", \
    "" index i using (0):3:(0):6:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb sky, \
    "" index i using (0):($7 > 0 ? $3 : NaN):(0):7:($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb "white", \
    "" index i using (0):($7 > 0 ? $3 : NaN):(0):7:($3 - half):($3 + half) with boxxyerror fillstyle pattern 5 fillcolor rgb orange, \
    "" index i using 8:3:5 with labels left offset 0.8, 0 textcolor rgb ink
}
unset multiplot
