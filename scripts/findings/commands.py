"""The commands that take by hand what a finding needs, as text."""

import plan

PROGRAMS = "build/release"


def of(finding, suite):
    """One command a line; `suite` are the specs of the suite."""
    lines = [run_command(run) for run in finding.runs]
    specs = plan.suite_specs(finding, suite)
    if specs:
        rows = tuple(row for row in plan.STRATEGIES + plan.PEERS if row in finding.suite_strategies)
        lines.append(run_command(plan.Run(plan.SUITE, rows, () if finding.suite == plan.EVERY else specs)))
    lines += [f"{PROGRAMS}/reclaim compare DIR --from {pair.above} --to {pair.below}   # of that run" for pair in finding.compares]
    counts = finding.counts + plan.counts_of(finding.shapes, specs, shape=True)
    for shape in (False, True):
        lines += count_commands([count for count in counts if count.shape == shape], shape)
    return lines


def run_command(run):
    chosen = f" --workload {','.join(run.specs)}" if run.specs else ""
    baseline = f" --baseline {run.baseline}" if run.baseline in run.strategies else ""
    return f"{PROGRAMS}/reclaim run --strategy {','.join(run.strategies)}{chosen}{baseline} --repetitions {run.repetitions}"


def count_commands(counts, shape):
    """A loop for each set of programs that count the same specs; programs with options one by one."""
    specs_of = {}
    for count in counts:
        specs_of.setdefault(count.label, []).append(count.spec)
    labels_of = {}
    for label, specs in specs_of.items():
        labels_of.setdefault((tuple(specs), ":" in label), []).append(label)
    how = "--shape" if shape else "--json $s.json"
    lines = []
    for (specs, has_options), labels in labels_of.items():
        workload = specs[0] if len(specs) == 1 else "$w"
        if has_options:
            inside = "; ".join(program_call(label, workload, how) for label in labels)
        elif len(labels) == 1:
            inside = program_call(labels[0], workload, how)
        else:
            inside = f"for s in {' '.join(labels)}; do {PROGRAMS}/count_$s --workload {workload} {how}; done"
        lines.append(inside if len(specs) == 1 else f"for w in {' '.join(specs)}; do {inside}; done")
    return lines


def program_call(label, workload, how):
    name, options = plan.split_spec(label)
    given = "".join(f" --option {key}={value}" for key, value in options.items())
    return f"{PROGRAMS}/count_{name}{given} --workload {workload} {how.replace('$s', name)}"
