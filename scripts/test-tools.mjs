// Programs that only the tests use, as real counterparts: installed where that is permitted without asking. Where one stays
// missing, its tests skip, saying so.
import { run, say, works } from './lib.mjs';

const RTSP_SERVER =
  'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';

/** What is looked for, and the Debian packages that bring it. */
const TOOLS = [
  { name: 'Redis', found: () => works('redis-server', ['--version']), packages: ['redis-server'] },
  {
    name: 'Chromium',
    found: () =>
      ['chromium-headless-shell', 'chromium', 'google-chrome'].some((name) => works(name, ['--version'])),
    packages: ['chromium-headless-shell'],
  },
  {
    name: "GStreamer's RTSP server",
    // Debian's packages serve Debian's own Python, which need not be the first one found.
    found: () => ['/usr/bin/python3', 'python3'].some((name) => works(name, ['-c', RTSP_SERVER])),
    packages: ['python3-gi', 'gir1.2-gst-rtsp-server-1.0', 'gstreamer1.0-plugins-good'],
  },
];

/** Installs what is missing by apt-get where this user may; elsewhere names it. */
export function installTestTools() {
  const missing = TOOLS.filter(({ found }) => !found());
  if (missing.length === 0) return;
  const prefix = process.getuid?.() === 0 ? [] : works('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
  if (prefix && works('apt-get', ['--version'])) {
    const packages = missing.flatMap((tool) => tool.packages);
    say(`Installing what the tests run against: ${packages.join(' ')}`);
    // stdout belongs to what the person asked for; a package manager's talk goes to stderr.
    const options = {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 2],
    };
    const apt = (...args) => {
      const [program, ...rest] = [...prefix, 'apt-get', ...args];
      return run(program, rest, options);
    };
    // The list of packages may be there already, and fetching it is slow.
    const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
    if (install() !== 0 && apt('update') === 0) install();
  }
  for (const { name } of missing.filter(({ found }) => !found()))
    say(`${name} was not found: tests that need it are skipped.`);
}
