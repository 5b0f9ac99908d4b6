# Time, memory and the longest wait side by side: which strategies are beaten in all three?
# Data columns 6 to 14: time, peak, longest pause or drop, interval of the time, look (0 beaten, 1 not beaten, 2 leaking, 3 no contender), and the
# three as texts.
data = ARG2
picture = ARG3
load ARG1."/common.gp"

# Each third of a panel has bars of its own scale: from the least to the most of that workload, in equal steps of the logarithm; the least
# has a stub.
array least[3 * panels]
array most[3 * panels]
do for [i = 0 : panels - 1] {
  do for [k = 0 : 2] {
    low = 1e300
    high = 0
    stats data index i using (low = column(6 + k) < low ? column(6 + k) : low, high = column(6 + k) > high ? column(6 + k) : high, 1) nooutput
    least[3 * i + k + 1] = low < 1 ? 1 : low
    most[3 * i + k + 1] = high < 1 ? 1 : high
  }
}
span(i, k) = most[3 * i + k + 1] > least[3 * i + k + 1] ? log(most[3 * i + k + 1] / least[3 * i + k + 1]) : 1
reach(i, k, value) = k + 0.03 + 0.34 * (value > least[3 * i + k + 1] ? log(value / least[3 * i + k + 1]) / span(i, k) : 0)
# Where a bar ends, with its interval, which only the time has.
right_end(k, value, high) = k == 0 && high > value ? high : value
unset grid
set border 0
set xrange [0 : 3.55]

set multiplot
question = "Time, memory or short waits: which strategies are beaten in all three?"
answer = "Dark: not beaten; no other is at least as good in time, peak and longest wait together. Light: beaten. Hatched: it leaks. White: no contender."
key = "Bars from the least to the most of each workload, in steps of the logarithm. Black lines: 95% interval of the time."
set xlabel " "
do for [i = 0 : panels - 1] {
  eval panel(i)
  set xtics ("time" 0.03, "resident peak" 1.03, "longest pause or drop" 2.03) scale 0 left
  plot data index i using (0):3:ytic(2) with dots linecolor rgb "white", \
    for [k = 0 : 2] "" index i using (k):($11 == 0 ? $3 : NaN):(k):(reach(i, k, column(6 + k))):($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb sky, \
    for [k = 0 : 2] "" index i using (k):($11 == 1 ? $3 : NaN):(k):(reach(i, k, column(6 + k))):($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb blue, \
    for [k = 0 : 2] "" index i using (k):($11 == 2 ? $3 : NaN):(k):(reach(i, k, column(6 + k))):($3 - half):($3 + half) with boxxyerror fillstyle pattern 5 fillcolor rgb orange, \
    for [k = 0 : 2] "" index i using (k):($11 == 3 ? $3 : NaN):(k):(reach(i, k, column(6 + k))):($3 - half):($3 + half) with boxxyerror fillstyle solid fillcolor rgb "white", \
    "" index i using (reach(i, 0, $6)):3:(reach(i, 0, $9)):(reach(i, 0, $10)) with xerrorbars pointtype 0 linecolor rgb "black" linewidth 1.5, \
    for [k = 0 : 2] "" index i using (reach(i, k, right_end(k, column(6 + k), column(10))) + 0.05):3:(strcol(12 + k)) with labels left textcolor rgb ink, \
    "" index i using (3):3:5 with labels left textcolor rgb ink
}
unset multiplot
