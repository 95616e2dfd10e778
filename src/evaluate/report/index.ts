export type { ReportInput, ReportTracker } from './model.js';
export { renderReport } from './page.js';
