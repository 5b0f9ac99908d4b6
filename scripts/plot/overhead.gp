# What each strategy takes over the ideal on each workload: a table whose cells are coloured by their number.
# Data columns 6 to 10: overhead, low, high, 1 where it leaks, 1 for the ideal.
data = ARG2
picture = ARG3
set datafile separator "\t"
set datafile missing "?"
set datafile commentschars "#"
set encoding utf8

grey = "#999999"
ink = "#222222"
cell_width = 104
cell_height = 36
letter_width = 7.2
head = 86

# The names of the columns and rows, in the order in which they come, between tabulators; the ideal is 1 everywhere and has no column.
names = "\t"
specs = "\t"
longest_name = 0
longest_spec = 0
add(list, name) = strstrt(list, "\t".name."\t") > 0 ? list : list.name."\t"
stats data using (names = $10 == 1 ? names : add(names, strcol(2)), specs = add(specs, strcol(1)), 1) nooutput
place(list, name) = words_before(list[1 : strstrt(list, "\t".name."\t")])
words_before(text) = sum [k = 1 : strlen(text)] (text[k : k] eq "\t" ? 1 : 0)
columns = words_before(names) - 1
rows = words_before(specs) - 1
stats data using (longest_name = strlen(strcol(2)) > longest_name ? strlen(strcol(2)) : longest_name, \
  longest_spec = strlen(strcol(1)) > longest_spec ? strlen(strcol(1)) : longest_spec, 1) nooutput

left = 24 + longest_spec * letter_width
top = head + 16 + longest_name * letter_width * 0.62
right = 24 + longest_name * letter_width * 0.8
width = left + columns * cell_width + right
width = width < 900 ? 900 : width
height = top + rows * cell_height + 20
set terminal svg size width, height font "DejaVu Sans,Helvetica,Arial,sans-serif,12" noenhanced background "white"
set output picture

set lmargin at screen left / width
set rmargin at screen (left + columns * cell_width) / width
set tmargin at screen 1 - top / height
set bmargin at screen 20 / height
set xrange [0.5 : columns + 0.5]
set yrange [rows + 0.5 : 0.5]
unset key
unset xtics
unset border
set ytics scale 0 textcolor rgb ink
set style fill solid border linecolor rgb "white"
set label 1 "How much time does each strategy take over the ideal?" at screen 14.0 / width, 1 - 24.0 / height font ",17" textcolor rgb ink
set label 2 "The ideal frees each object the moment it becomes unreachable. Numbers: time over the ideal's, and the 95% interval." \
  at screen 14.0 / width, 1 - 46.0 / height textcolor rgb ink
set label 3 "Orange: slower, to 8 times and more; blue: faster than the ideal. Hatched: it leaks, and has not done all of the work. No number: not run." \
  at screen 14.0 / width, 1 - 64.0 / height textcolor rgb ink

# White at 1, blue at 1/8, orange at 8, in equal steps of the logarithm.
share(x) = (s = log(x) / log(8), s > 1 ? 1 : s < -1 ? -1 : s)
mix(from, to, t) = int(from + (to - from) * t + 0.5)
slower(t) = 65536 * mix(255, 213, t) + 256 * mix(255, 94, t) + mix(255, 0, t)
faster(t) = 65536 * mix(255, 0, t) + 256 * mix(255, 114, t) + mix(255, 178, t)
colour(x) = share(x) < 0 ? faster(-share(x)) : slower(share(x))
pale = "#EEEEEE"
x_of(name) = place(names, name)
y_of(spec) = place(specs, spec)
shown(ideal, x) = ideal == 1 ? NaN : x
interval(low, high) = sprintf("%.2f to %.2f", low, high)

do for [k = 1 : columns] {
  stats data using (x_of(strcol(2)) == k ? (name = strcol(2), 1) : 1) nooutput
  set label 10 + k name at first k, screen 1 - (top - 8) / height rotate by 38 textcolor rgb ink
}
plot data using (1):(y_of(strcol(1))):ytic(1) with dots linecolor rgb "white", \
  "" using (shown($10, x_of(strcol(2)))):(y_of(strcol(1))):(0.48):(0.46):(colour($9 == 0 && $6 > 0 ? $6 : 1)) with boxxyerror linecolor rgb variable, \
  "" using ($9 == 1 ? shown($10, x_of(strcol(2))) : NaN):(y_of(strcol(1))):(0.48):(0.46) with boxxyerror fillstyle pattern 4 linecolor rgb "#CCCCCC", \
  "" using (shown($10, x_of(strcol(2)))):(y_of(strcol(1)) + (valid(7) ? -0.17 : 0)):5 with labels textcolor rgb ink, \
  "" using (valid(7) ? shown($10, x_of(strcol(2))) : NaN):(y_of(strcol(1)) + 0.22):(interval($7, $8)) with labels font ",9" textcolor rgb ink
