import { type DatasetOptions, imagePart, type RawDataset } from './dataset.js';
import { parseIdx, readBytes } from './idx.js';
import { type PublicFiles, readPublicFiles } from './public-files.js';

/** The four files, unpacked: recompressed copies are as good. */
export const FASHION_MNIST: PublicFiles<
  | 'train-images-idx3-ubyte'
  | 'train-labels-idx1-ubyte'
  | 't10k-images-idx3-ubyte'
  | 't10k-labels-idx1-ubyte'
> = {
  title: 'Fashion-MNIST',
  folder: 'fashion-mnist',
  files: {
    'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
  endings: ['.gz', ''],
  read: readWhole,
  home: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
  folders: ['/usr/share/datasets/fashion-mnist'],
  advice: "install Debian's package dataset-fashion-mnist",
};

/** The bytes of an IDX file. A truncated one is told by the byte where it ends, which says more than its checksum. */
async function readWhole(path: string): Promise<Uint8Array> {
  const bytes = await readBytes(path);
  parseIdx(bytes, path);
  return bytes;
}

const CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT licence): 60 000 training and 10 000 test images of
 * 28×28 grey pixels in 10 classes. Found, or downloaded, as `readPublicFiles` says.
 */
export async function fashionMnist(
  options: DatasetOptions,
  source: typeof FASHION_MNIST = FASHION_MNIST,
): Promise<RawDataset> {
  const files = await readPublicFiles(options, source);
  const data = (name: keyof typeof files) => parseIdx(files[name].bytes, files[name].path).data;
  const part = (name: 'train' | 't10k') =>
    imagePart(
      data(`${name}-images-idx3-ubyte`),
      [1, 28, 28],
      Int32Array.from(data(`${name}-labels-idx1-ubyte`)),
    );
  return { train: part('train'), test: part('t10k'), classes: CLASSES };
}
