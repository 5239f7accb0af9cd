// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @axes
func.func @axes(%a: tensor<?x3x4xf32>, %b: tensor<?x5xf32>) {
  // CHECK: keras.permute {{.*}} -> tensor<?x4x3xf32>
  %0 = keras.permute %a {dims = array<i64: 2, 1>} : (tensor<?x3x4xf32>) -> tensor<?x4x3xf32>
  // CHECK: keras.repeat_vector {{.*}} -> tensor<?x3x5xf32>
  %1 = keras.repeat_vector %b {n = 3 : i64} : (tensor<?x5xf32>) -> tensor<?x3x5xf32>
  return
}

// CHECK-LABEL: @padding
func.func @padding(%a: tensor<?x9x4xf32>, %b: tensor<?x9x?x4xf32>, %c: tensor<?x4x9x9x9xf32>) {
  // CHECK: keras.zero_padding1d {{.*}} -> tensor<?x12x4xf32>
  %0 = keras.zero_padding1d %a {padding = array<i64: 1, 2>, data_format = "channels_last"} : (tensor<?x9x4xf32>) -> tensor<?x12x4xf32>
  // CHECK: keras.zero_padding2d {{.*}} -> tensor<?x12x?x4xf32>
  %1 = keras.zero_padding2d %b {padding = array<i64: 1, 2, 0, 3>, data_format = "channels_last"} : (tensor<?x9x?x4xf32>) -> tensor<?x12x?x4xf32>
  // CHECK: keras.zero_padding3d {{.*}} -> tensor<?x4x11x13x15xf32>
  %2 = keras.zero_padding3d %c {padding = array<i64: 1, 1, 2, 2, 3, 3>, data_format = "channels_first"} : (tensor<?x4x9x9x9xf32>) -> tensor<?x4x11x13x15xf32>
  // CHECK: keras.cropping1d {{.*}} -> tensor<?x6x4xf32>
  %3 = keras.cropping1d %a {cropping = array<i64: 1, 2>, data_format = "channels_last"} : (tensor<?x9x4xf32>) -> tensor<?x6x4xf32>
  // CHECK: keras.cropping2d {{.*}} -> tensor<?x6x?x4xf32>
  %4 = keras.cropping2d %b {cropping = array<i64: 1, 2, 0, 3>, data_format = "channels_last"} : (tensor<?x9x?x4xf32>) -> tensor<?x6x?x4xf32>
  // CHECK: keras.cropping3d {{.*}} -> tensor<?x4x7x5x3xf32>
  %5 = keras.cropping3d %c {cropping = array<i64: 1, 1, 2, 2, 3, 3>, data_format = "channels_first"} : (tensor<?x4x9x9x9xf32>) -> tensor<?x4x7x5x3xf32>
  // CHECK: keras.up_sampling1d {{.*}} -> tensor<?x18x4xf32>
  %6 = keras.up_sampling1d %a {size = array<i64: 2>, data_format = "channels_last", interpolation = "nearest"} : (tensor<?x9x4xf32>) -> tensor<?x18x4xf32>
  // CHECK: keras.up_sampling2d {{.*}} -> tensor<?x18x?x4xf32>
  %7 = keras.up_sampling2d %b {size = array<i64: 2, 3>, data_format = "channels_last", interpolation = "bicubic"} : (tensor<?x9x?x4xf32>) -> tensor<?x18x?x4xf32>
  // CHECK: keras.up_sampling3d {{.*}} -> tensor<?x4x9x18x27xf32>
  %8 = keras.up_sampling3d %c {size = array<i64: 1, 2, 3>, data_format = "channels_first", interpolation = "nearest"} : (tensor<?x4x9x9x9xf32>) -> tensor<?x4x9x18x27xf32>
  return
}

// CHECK-LABEL: @images
func.func @images(%a: tensor<?x9x8x4xf32>) {
  // CHECK: keras.resizing {{.*}} -> tensor<?x20x3x4xf32>
  %0 = keras.resizing %a {height = 20 : i64, width = 3 : i64, interpolation = "lanczos3", data_format = "channels_last"} : (tensor<?x9x8x4xf32>) -> tensor<?x20x3x4xf32>
  // CHECK: keras.center_crop {{.*}} -> tensor<?x4x5x4xf32>
  %1 = keras.center_crop %a {height = 4 : i64, width = 5 : i64, data_format = "channels_last"} : (tensor<?x9x8x4xf32>) -> tensor<?x4x5x4xf32>
  return
}
