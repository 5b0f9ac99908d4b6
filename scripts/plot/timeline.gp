# When a run is stopped, and for how long. One run of each cell; of the pauses of a kind that fall into the same 1/125 of the time the longest is drawn.
# Data columns 6 to 9: when in milliseconds, length in microseconds, the height of the line in the row, kind (0 to 2: collection of that generation, 3: cascade,
# 4: the last collection); 10: the end of the work in milliseconds.
data = ARG2
picture = ARG3
load ARG1."/common.gp"

array ends[panels]
do for [i = 0 : panels - 1] {
  until = 0.001
  stats data index i using (until = $10 > until ? $10 : until) nooutput
  ends[i + 1] = until
}

set multiplot
question = "When does memory management stop the program, and for how long?"
answer = "Lines: pauses of one run; height: how long, from 1 µs (flat) to 1 s (a full row), logarithmic. Light and dark blue: young and old collections;"
key = "green: cascades of counting, from the 64th object on; orange: the collection after the end. │ the end of the work. On the right: pauses, the longest."
set xlabel "milliseconds since the work began" offset 0, 0.4 textcolor rgb ink
shade(k) = int(k) == 0 ? 0x56B4E9 : int(k) <= 2 ? 0x0072B2 : int(k) == 3 ? 0x009E73 : 0xD55E00
do for [i = 0 : panels - 1] {
  eval panel(i)
  set xrange [0 : ends[i + 1] * 1.55]
  plot data index i using (0):3:ytic(2) with dots linecolor rgb "white", \
    "" index i using 6:($3 + half):(0):(-$8):(shade($9)) with vectors nohead linewidth 1.2 linecolor rgb variable, \
    "" index i using 10:($3 - half):(0):(2 * half) with vectors nohead linewidth 1.5 linecolor rgb ink, \
    "" index i using (ends[i + 1]):3:5 with labels left offset 0.8, 0 textcolor rgb ink
}
unset multiplot
