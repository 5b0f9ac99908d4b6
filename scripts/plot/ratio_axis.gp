# The axis of charts of ratios, from data columns 7 and 8, the ends of the intervals; loaded after common.gp.

# The extremes are collected by hand: `stats` leaves its own variables undefined where a column has no number at all.
lowest = 1.0
highest = 1.0
stats data using (lowest = $7 < lowest ? $7 : lowest) nooutput
stats data using (highest = $8 > highest ? $8 : highest) nooutput

# A ratio is as far from 1 when it is a half as when it is 2, so the axis is logarithmic. It has room for the notes on the right.
octave(x) = log(x) / log(2)
first = floor(octave(lowest) - 0.2)
last = ceil(octave(highest) + 0.2)
room = 0.7 * (last - first) + 0.8
set logscale x 2
set xrange [2.0 ** first : 2.0 ** (last + room)]
every = ceil((last - first) / 5.0)
set xtics ()
do for [e = 0 : last : every] { set xtics add (sprintf("%g×", 2.0 ** e) 2.0 ** e) }
do for [e = 0 : -first : every] { set xtics add (sprintf("%g×", 2.0 ** -e) 2.0 ** -e) }
