declare module 'webvtt-parser' {
  export class WebVTTParser {
    parse(
      text: string,
      kind: 'metadata',
    ): {
      readonly cues: {
        readonly id: string;
        readonly startTime: number;
        readonly endTime: number;
        readonly text: string;
      }[];
      readonly errors: { readonly message: string; readonly line: number }[];
    };
  }
}
