/** Who tells of every module and every route at each start. */
const TELLERS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Whether a line is what Nest itself says of a start that goes well: that is for `debug`. @param context who says it. */
export function isStartNotice(context: unknown): boolean {
  return TELLERS.has(context);
}
