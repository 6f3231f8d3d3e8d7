# Sums up what `cargo llvm-cov report --lcov` says of the crates in `wanted`, and fails where fewer lines than `least` of 100 ran.
# The lines of tests do not count: neither the modules at the ends of files nor what tests have in common.

BEGIN {
  count = split(wanted, crates, " ")
  for (i = 1; i <= count; i++) is_wanted[crates[i]] = 1
}

/^SF:/ {
  file = substr($0, 4)
  crate = ""
  if (match(file, /reference-services\/[a-z-]+\/src\//) && file !~ /\/(test_support|properties\.rs)/) {
    split(substr(file, RSTART), parts, "/")
    if (parts[2] in is_wanted) crate = parts[2]
  }
  end = first_line_of_tests(file)
}

/^DA:/ && crate != "" {
  split(substr($0, 4), line, ",")
  if (line[1] + 0 < end) {
    lines[crate]++
    if (line[2] + 0 > 0) ran[crate]++
  }
}

function first_line_of_tests(file,    text, number) {
  number = 0
  while ((getline text < file) > 0) {
    number++
    if (text ~ /^#\[cfg\(test\)\]/) break
  }
  close(file)
  return text ~ /^#\[cfg\(test\)\]/ ? number : number + 1
}

function report(name, ran, lines) {
  printf "  %-22s %5.1f %%  %5d of %5d\n", name, lines ? 100 * ran / lines : 0, ran, lines
}

END {
  print "lines that tests ran"
  for (i = 1; i <= count; i++) {
    crate = crates[i]
    report(crate, ran[crate], lines[crate])
    all_ran += ran[crate]
    all += lines[crate]
    if (100 * ran[crate] < least * lines[crate] || !lines[crate]) missed = missed " " crate
  }
  report("total", all_ran, all)
  if (missed != "") {
    print "fewer than " least " % of the lines ran in:" missed > "/dev/stderr"
    exit 1
  }
}
