# Where the time over the ideal goes: counted operations times measured prices, beside what was measured.
# Data columns 6 to 9: measured, low, high, explained, in milliseconds; 10 to 25: begin and end of the 8 pieces; 26 to 33: their names.
data = ARG2
picture = ARG3
load ARG1."/common.gp"

pieces = 8
array colours[8] = ["#56B4E9", "#0072B2", "#F0E442", "#D55E00", "#CC79A7", "#009E73", "#999999", "#222222"]
array group[8]
do for [g = 1 : pieces] {
  name = ""
  stats data using (name = strlen(strcol(25 + g)) > strlen(name) ? strcol(25 + g) : name, 1) nooutput
  group[g] = name
}

array lowest[panels]
array highest[panels]
do for [i = 0 : panels - 1] {
  low = 0.0
  high = 0.001
  stats data index i using (low = $6 < low ? $6 : low, high = $6 > high ? $6 : high, 1) nooutput
  stats data index i using (low = $7 < low ? $7 : low, high = $8 > high ? $8 : high, 1) nooutput
  do for [g = 1 : pieces] {
    stats data index i using (low = column(9 + 2 * g) < low ? column(9 + 2 * g) : low, high = column(9 + 2 * g) > high ? column(9 + 2 * g) : high, 1) nooutput
  }
  lowest[i + 1] = low
  highest[i + 1] = high
}

set multiplot
question = "Where does the time over the ideal go?"
answer = "Pieces: operations counted, times their price, less what the ideal pays for the same. ◆ measured: fastest less the ideal's fastest; bar: the next fastest."
key = ""
legend_at = 14
do for [g = 1 : pieces] {
  if (strlen(group[g]) > 0) {
    set object g rectangle from screen across(legend_at), screen down(66) to screen across(legend_at + 12), screen down(56) fillcolor rgb colours[g] fillstyle solid noborder
    set label 20 + g group[g] at screen across(legend_at + 17), down(61) textcolor rgb ink
    legend_at = legend_at + 34 + strlen(group[g]) * letter_width
  }
}
set xlabel "milliseconds over the ideal" offset 0, 0.4 textcolor rgb ink
do for [i = 0 : panels - 1] {
  eval panel(i)
  if (i == 1) { do for [g = 1 : pieces] { unset object g; unset label 20 + g } }
  range = highest[i + 1] - lowest[i + 1]
  set xrange [lowest[i + 1] - 0.03 * range : highest[i + 1] + 0.85 * range]
  set format x range > 0.001 ? "%g" : "" # nothing has a price: there is no scale
  set arrow 1 from 0, graph 0 to 0, graph 1 nohead linecolor rgb ink linewidth 1 front
  plot data index i using (0):3:ytic(2) with dots linecolor rgb "white", \
    for [g = 1 : pieces] "" index i using (0):3:(column(8 + 2 * g)):(column(9 + 2 * g)):($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb colours[g], \
    "" index i using 6:3:7:8 with xerrorbars pointtype 0 linecolor rgb "black" linewidth 1.5, \
    "" index i using 6:3 with points pointtype 13 pointsize 1.1 linecolor rgb "black", \
    "" index i using (highest[i + 1]):3:5 with labels left offset 1.2, 0 textcolor rgb ink
}
unset multiplot
