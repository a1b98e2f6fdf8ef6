"""The work on images that all contestants share, that of ../image_layers.cpp and ../image_networks.cpp.

Layers have a chunk of 16 images, networks batches of 64 random images of 28 x 28. A shape is (height, width, channels).
"""

CHUNK = 16
GROUPS = 8  # of channels that are normalised together
EMBEDDING = 128  # numbers that tell the blocks the time
HEADS = 2

IMAGES, BATCH, SIZE = 1024, 64, 28
NETWORKS = ("TutorialUNet", "UNet")

LAYERS = [
    # Of TutorialUNet.
    ("convolution", (28, 28, 2), (28, 28, 32)),
    ("convolution", (14, 14, 32), (14, 14, 64)),
    ("convolution", (7, 7, 64), (7, 7, 128)),
    ("convolution", (4, 4, 128), (4, 4, 256)),
    ("convolution", (2, 2, 256), (2, 2, 256)),
    ("convolution", (28, 28, 64), (28, 28, 32)),
    ("convolution", (28, 28, 32), (28, 28, 1)),
    ("transposed_convolution", (2, 2, 256), (4, 4, 256)),
    ("transposed_convolution", (4, 4, 512), (7, 7, 128)),
    ("transposed_convolution", (7, 7, 256), (14, 14, 64)),
    ("transposed_convolution", (14, 14, 128), (28, 28, 32)),
    ("max_pool", (28, 28, 32), (14, 14, 32)),
    ("max_pool", (7, 7, 128), (4, 4, 128)),
    # Of UNet.
    ("convolution", (14, 14, 4), (14, 14, 48)),
    ("convolution", (14, 14, 48), (14, 14, 48)),
    ("convolution", (14, 14, 96), (14, 14, 48)),
    ("convolution", (7, 7, 96), (7, 7, 96)),
    ("convolution", (14, 14, 48), (14, 14, 4)),
    ("convolution_1x1", (14, 14, 96), (14, 14, 48)),
    ("convolution", (14, 14, 48), (7, 7, 96)),
    ("transposed_convolution", (7, 7, 96), (14, 14, 48)),
    ("space_to_depth", (28, 28, 1), (14, 14, 4)),
    ("depth_to_space", (14, 14, 4), (28, 28, 1)),
    ("group_norm", (14, 14, 48), (14, 14, 48)),
    ("group_norm", (7, 7, 96), (7, 7, 96)),
    ("residual_block", (14, 14, 48), (14, 14, 48)),
    ("residual_block", (14, 14, 96), (14, 14, 48)),
    ("residual_block", (7, 7, 96), (7, 7, 96)),
    ("self_attention", (7, 7, 96), (7, 7, 96)),
    ("skip_connection", (14, 14, 48), (14, 14, 48)),
    ("time_embedding", None, None),
    # Of neither.
    ("average_pool", (28, 28, 32), (14, 14, 32)),
    ("upsample_nearest", (14, 14, 32), (28, 28, 32)),
]
