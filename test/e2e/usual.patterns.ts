/** What people, and agents above all, end their servers by. Each is run in a sandbox as it stands here. */
export const USUAL_KILLS = [
  'pkill node',
  'pkill -x node',
  'pkill -f node',
  'pkill -9 -f node',
  'pkill -f main.js',
  'pkill -f main',
  'pkill -f index',
  'pkill -f app',
  'pkill -f server',
  'pkill -f start',
  'pkill -f dev',
  'pkill -f http',
  'pkill python',
  'pkill -f python',
  'pkill -f java',
  'pkill bash',
  'pkill -f bash',
  'pkill -f "node|python|vite|next|npm run"',
  'kill $(pidof node)',
];

/** What those look for. */
export const USUAL_PATTERN = /node|main|index|app|server|start|dev|http|python|java|bash|js/;
