"""Flows for tests of the commands that run something."""

FLOWS: dict[str, str] = {
    "lanes": """\
id: lanes
namespace: company.team
tasks:
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands:
      - echo to stdout
      - echo to stderr >&2
      - printf '\\033[31mred\\033[0m\\n'
      - 'echo "::{\\"outputs\\":{\\"rows\\":12,\\"name\\":\\"a b\\"}}::"'
  - id: quiet
    type: io.kestra.plugin.core.log.Log
    level: DEBUG
    message: whispered
  - id: loud
    type: io.kestra.plugin.core.log.Log
    level: WARN
    message: |-
      first row
      second row
""",
    "failing": """\
id: failing
namespace: company.team
labels: {team: data}
tasks:
  - id: before
    type: io.kestra.plugin.core.debug.Return
    format: kept
  - id: breaks
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands: ["test -e repaired || { echo the disk is empty >&2; exit 3; }"]
    namespaceFiles: {enabled: true}
  - id: after
    type: io.kestra.plugin.core.log.Log
    message: "after {{ outputs.before.value }}"
""",
    "needy": """\
id: needy
namespace: company.team
inputs:
  - {id: day, type: DATE}
  - {id: text, type: STRING}
  - {id: count, type: INT, defaults: 1, max: 5}
  - {id: report, type: FILE, required: false}
tasks:
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: >-
      {{ inputs.day }} {{ inputs.count }} <{{ inputs.text }}>{{ inputs.report != null ? read(inputs.report) : '' }}
""",
    "sleeping": """\
id: sleeping
namespace: company.team
tasks:
  - id: sleep
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands: ["echo asleep", "sleep 60", "echo awake"]
""",
    "stubborn": """\
id: stubborn
namespace: company.team
tasks:
  - id: sleep
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands: ["trap 'echo not yet' TERM; echo asleep; while true; do sleep 1; done"]
""",
    "caller": """\
id: caller
namespace: company.team
tasks:
  - id: call
    type: io.kestra.plugin.core.flow.Subflow
    namespace: company.team
    flowId: hello
    inputs: {name: Grace}
    wait: true
""",
    "crowded": """\
id: crowded
namespace: company.team
concurrency: {limit: 1, behavior: QUEUE}
tasks:
  - id: sleep
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands: ["sleep 60"]
""",
    "again": """\
id: again
namespace: company.team
retry: {type: constant, interval: PT0.1S, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}
tasks:
  - id: breaks
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    namespaceFiles: {enabled: true}
    commands: ["test -e repaired"]
""",
    "paused": """\
id: paused
namespace: company.team
tasks:
  - id: approve
    type: io.kestra.plugin.core.flow.Pause
    onResume:
      - {id: word, type: STRING}
  - id: heard
    type: io.kestra.plugin.core.log.Log
    message: "heard {{ outputs.approve.onResume.word }}"
""",
    "each": """\
id: each
namespace: company.team
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.ForEach
    values: ["a", "b"]
    tasks:
      - id: body
        type: io.kestra.plugin.core.debug.Return
        format: "{{ taskrun.value | upper }}"
""",
    "secretive": """\
id: secretive
namespace: company.team
tasks:
  - id: leak
    type: io.kestra.plugin.core.debug.Return
    format: "it is {{ secret('TOKEN') }}"
outputs:
  - {id: leaked, type: STRING, value: "{{ outputs.leak.value }}"}
""",
}

LATER = """\
id: later
namespace: company.team
tasks:
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands: ['echo "::{\\"outputs\\":{\\"rows\\":7}}::"']
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.script.vars.rows }}"
"""
