/** What transports and the framer did, in numbers that they raise themselves. */
export interface TransferCounters {
  /** Bytes that arrived, line ends included. */
  bytesReceived: number;
  /** Bytes handed to streams, line ends included. */
  bytesSent: number;
  messagesReceived: number;
  messagesSent: number;
  /** Frames delivered as views of the memory they arrived in (count). */
  zeroCopyReceives: number;
  /** Frames that were copied on the way in (count). */
  copiedReceives: number;
  /** Sends whose bytes went to the stream uncopied (count). */
  zeroCopySends: number;
  /** Sends whose bytes were copied on the way out (count). */
  copiedSends: number;
}

export function createCounters(): TransferCounters {
  return {
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesSent: 0,
    zeroCopyReceives: 0,
    copiedReceives: 0,
    zeroCopySends: 0,
    copiedSends: 0,
  };
}
