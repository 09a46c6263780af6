/** Lay graphs out in a thread of its own: a large one takes seconds, in which the page must take keys. */
import { layOut } from './layout';
import type { IShape } from './shape';

self.onmessage = (event: MessageEvent<IShape>): void => self.postMessage(layOut(event.data));
