/** The names under which the page knows the server's types; the only file that reads `generated`. */
import type { components } from '../generated/api';

type Schemas = components['schemas'];

export type Instrument = Schemas['InstrumentBody'];
export type InstrumentDetail = Schemas['SymbolDetail'];
export type Card = Schemas['Card'];
export type QuoteFigures = Schemas['Quote'];
export type Bar = Schemas['BarBody'];
export type RemovedBar = Schemas['RemovedBar'];
export type BarsAnswer = Schemas['BarsAnswer'];
export type SymbolsAnswer = Schemas['SymbolsPage'];
export type SparklinesAnswer = Schemas['SparklinesAnswer'];
export type Status = Schemas['StatusAnswer'];
export type Feed = Schemas['FeedBody'];
export type Market = Schemas['MarketBody'];
export type Problem = Schemas['Problem'];
export type Interval = Schemas['IntervalName'];
export type SessionFilter = Schemas['SessionName'];
export type FreshnessState = Schemas['Freshness'];
export type ClientFrame = Schemas['ClientFrame'];
export type ServerFrame = Schemas['ServerFrame'];
