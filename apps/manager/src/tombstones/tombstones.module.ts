import { Module } from '@nestjs/common';
import { ForeignDeaths } from './foreign.deaths.js';
import { Obituary } from './obituary.js';
import { TombstoneCollector } from './tombstone.collector.js';
import { TombstoneFeed } from './tombstone.feed.js';
import { Tombstones } from './tombstones.js';

/** Why sandboxes are gone. */
@Module({
  providers: [ForeignDeaths, Obituary, TombstoneCollector, TombstoneFeed, Tombstones],
  exports: [Obituary, Tombstones],
})
export class TombstonesModule {}
