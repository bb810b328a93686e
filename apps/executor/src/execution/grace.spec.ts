import { FakeClock } from '@warmbox/testing';
import { Grace } from './grace.js';

describe('Grace', () => {
  let clock: FakeClock;
  let ends: number;
  let grace: Grace;
  beforeEach(() => {
    clock = new FakeClock();
    ends = 0;
    grace = new Grace({ disconnectedMs: 5_000, lostMs: 60_000 }, clock, () => (ends += 1));
  });

  it('is the long one when the last reader was lost without a notice', async () => {
    grace.readerGone(true);
    await clock.advance(59_999);
    expect(ends).toBe(0);
    await clock.advance(1);
    expect(ends).toBe(1);
  });

  it('is the longer of both for a reader who asks again and again, whatever was told of another', async () => {
    grace.readerGone(true);
    grace.cancel();
    grace.readerExpected();
    await clock.advance(59_999);
    expect(ends).toBe(0);
    await clock.advance(1);
    expect(ends).toBe(1);
    const patient = new Grace({ disconnectedMs: 600_000, lostMs: 60_000 }, clock, () => (ends += 1));
    patient.clientDisconnected(1);
    patient.readerExpected();
    await clock.advance(599_999);
    expect(ends).toBe(1);
    await clock.advance(1);
    expect(ends).toBe(2);
  });

  it('is the short one when the notice came before the connection ended', async () => {
    grace.clientDisconnected(1);
    await clock.advance(3_000);
    grace.readerGone(true);
    await clock.advance(4_999);
    expect(ends).toBe(0);
    await clock.advance(1);
    expect(ends).toBe(1);
  });

  it('becomes the short one when the notice comes after the connection ended', async () => {
    grace.readerGone(true);
    await clock.advance(10_000);
    grace.clientDisconnected(0);
    await clock.advance(5_000);
    expect(ends).toBe(1);
  });

  it('is not made longer by a notice that comes late', async () => {
    grace.readerGone(true);
    await clock.advance(58_000);
    grace.clientDisconnected(0);
    await clock.advance(2_000);
    expect(ends).toBe(1);
  });

  it('ends with a new reader', async () => {
    grace.readerGone(true);
    grace.cancel();
    await clock.advance(100_000);
    expect(ends).toBe(0);
  });

  it('does not begin while others read', async () => {
    grace.readerGone(false);
    await clock.advance(100_000);
    expect(ends).toBe(0);
  });

  it('does not take a notice about a lost reader for one about the reader that came after it', async () => {
    grace.readerGone(true);
    grace.cancel();
    grace.clientDisconnected(1);
    await clock.advance(30_000);
    grace.readerGone(true);
    await clock.advance(59_999);
    expect(ends).toBe(0);
    await clock.advance(1);
    expect(ends).toBe(1);
  });

  it('takes one notice for one reader only', async () => {
    grace.clientDisconnected(1);
    grace.readerGone(true);
    grace.cancel();
    await clock.advance(10_000);
    grace.readerGone(true);
    await clock.advance(59_999);
    expect(ends).toBe(0);
  });

  it('takes two notices about one reader for one', async () => {
    grace.clientDisconnected(1);
    grace.clientDisconnected(1);
    grace.readerGone(true);
    grace.cancel();
    await clock.advance(10_000);
    grace.readerGone(true);
    await clock.advance(59_999);
    expect(ends).toBe(0);
  });
});
