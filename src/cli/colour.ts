// Imported for its effect, alone, and before every library that colours: each of them looks at the
// environment once, when it is loaded, and most know FORCE_COLOR but not NO_COLOR; Node does so while it
// links a library of its own, and prints a warning. So the rule (never with NO_COLOR; else as FORCE_COLOR
// says; else on a terminal) is decided here and told to all of them.

if (process.env.NO_COLOR || (process.env.FORCE_COLOR === undefined && !process.stdout.isTTY)) {
  process.env.FORCE_COLOR = '0';
  // Node prints a warning where both are set; FORCE_COLOR=0 says all that NO_COLOR said.
  delete process.env.NO_COLOR;
}
// The same warning; what FORCE_COLOR says goes first.
if (process.env.FORCE_COLOR !== undefined) delete process.env.NODE_DISABLE_COLORS;
