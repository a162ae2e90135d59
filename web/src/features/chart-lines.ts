/** A price drawn across a chart: what one feature tells of it, and another draws. */

export type ChartLine = {
  id: string;
  price: number;
  /** Stands at the line, so that its colour is not all that tells it. */
  label: string;
  tone: 'buy' | 'sell' | 'accent';
  /** Not agreed with the server yet. */
  isDraft: boolean;
};

/** A moment marked at a chart's bar. */
export type ChartMark = {
  /** When, in milliseconds. */
  at: number;
  text: string;
  /** Those of one bar that look alike are one mark. An alert if it is not told. */
  look?: 'alert' | 'news' | 'move';
  id?: string;
  /** Shown where its bar is pointed at. */
  told?: string;
  /** Where a press on it leads, out of the page. */
  href?: string;
};

/** A moment that the chart is asked to show; `turn` tells one wish from the next. */
export type ChartMoment = { at: number; turn: number };

/** A price was chosen in the chart, in as many decimals as the chart has. */
export type PriceChosen = (price: string) => void;

/** A line was dragged to a price, in as many decimals as the chart has. */
export type LineMoved = (id: string, price: string) => void;
