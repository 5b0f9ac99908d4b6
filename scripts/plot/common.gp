# What all charts share: one panel for each workload, one line in it for each strategy, so that names stand beside what they name and
# no legend has to be matched by colour.
#
# A chart is drawn by `gnuplot -c NAME.gp FOLDER-OF-THE-SCRIPTS DATA.tsv PICTURE.svg`; its script sets `data` and `picture` and loads this
# file. Columns 1 to 5 of the data are the same in every chart: spec, strategy, line in the panel, baseline, and the note behind the mark.

set datafile separator "\t"
set datafile missing "?"
set datafile commentschars "#"
set encoding utf8

# The palette of Okabe and Ito, which the colour-blind can tell apart; the two blues and the orange also differ in brightness.
blue = "#0072B2"
sky = "#56B4E9"
orange = "#D55E00"
green = "#009E73"
grey = "#999999"
light = "#E5E5E5"
ink = "#222222"

# The size of things, in pixels.
line_height = 19
title_height = 74
panel_head = 34
axis_height = 44
letter_width = 7

stats data using 3 nooutput
panels = STATS_blocks

# The baseline is the same in every line, the spec in every line of a block. Not every strategy has every workload.
array specs[panels]
array lines_of[panels]
longest_name = 12
do for [i = 0 : panels - 1] {
  stats data index i using (longest_name = strlen(strcol(2)) > longest_name ? strlen(strcol(2)) : longest_name) nooutput
  stats data index i using (spec = strcol(1), baseline = strcol(4), column(3)) nooutput
  specs[i + 1] = spec
  lines_of[i + 1] = STATS_max + 1
}

panel_columns = panels > 1 ? 2 : 1
name_width = 22 + longest_name * letter_width
panel_width = name_width + (panels > 1 ? 400 : 790) # the headlines need as much
panel_rows = (panels + panel_columns - 1) / panel_columns
width = panel_columns * panel_width + 20

# A row of panels is as high as its higher panel.
array top_of_row[panel_rows]
height = title_height
do for [row = 0 : panel_rows - 1] {
  last = (row + 1) * panel_columns < panels ? (row + 1) * panel_columns : panels
  lines = 0
  do for [i = row * panel_columns + 1 : last] { lines = lines_of[i] > lines ? lines_of[i] : lines }
  top_of_row[row + 1] = height
  height = height + panel_head + lines * line_height + axis_height
}

set terminal svg size width, height font "DejaVu Sans,Helvetica,Arial,sans-serif,12" noenhanced background "white"
set output picture

set border 1 linecolor rgb grey
set style fill solid border linecolor rgb ink
set tics textcolor rgb ink scale 0.5 nomirror
set ytics scale 0
set grid xtics linecolor rgb light linetype 1
unset key

# Places in pixels from the upper left corner.
across(x) = real(x) / width
down(y) = 1 - real(y) / height
left_of(i) = (i % panel_columns) * panel_width
top_of(i) = top_of_row[i / panel_columns + 1]

text_at(number, text, x, y, size) = sprintf("set label %d \"%s\" at screen %f, %f font ',%d' textcolor rgb ink; ", \
  number, text, across(x), down(y), size)
margins(i) = sprintf("set lmargin at screen %f; set rmargin at screen %f; set tmargin at screen %f; set bmargin at screen %f; ", \
  across(left_of(i) + name_width), across(left_of(i) + panel_width - 14), \
  down(top_of(i) + panel_head), down(top_of(i) + panel_head + lines_of[i + 1] * line_height))

# A spec may have a caveat behind a colon, which stands below it: a panel has no room for both beside each other.
spec_of(text) = strstrt(text, ": ") > 0 ? text[1:strstrt(text, ": ") - 1] : text
caveat_of(text) = strstrt(text, ": ") > 0 ? text[strstrt(text, ": ") + 2:*] : ""

# `eval panel(i)` before each plot: its place, and the spec above it. The first also has the headlines, which the script sets as
# `question`, `answer` and `key`. The range is set here, since `stats` keeps to ranges too.
panel(i) = margins(i).(i == 0 ? text_at(1, question, 14, 24, 17).text_at(2, answer, 14, 46, 12).text_at(3, key, 14, 63, 12) : \
  i == 1 ? "unset label 1; unset label 2; unset label 3; " : "").text_at(4, spec_of(specs[i + 1]), left_of(i) + 14, top_of(i) + panel_head - 17, 14). \
  text_at(5, caveat_of(specs[i + 1]), left_of(i) + 14, top_of(i) + panel_head - 4, 10). \
  sprintf("set yrange [%f : -0.6]", lines_of[i + 1] - 0.4)

# The bars of a panel reach from `y - half` to `y + half`.
half = 0.36
