//===- KernelRunner.cpp - Compile, load and run one kernel ----------------===//
//
// Objects become shared libraries through ld.lld and are loaded with dlopen.
// See the header for the checks around the call.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include "upconv/Runtime/PackedWeights.h"

#include <HalideRuntime.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <limits>
#include <random>
#include <unistd.h>

namespace upconv::test {

Tensor::Tensor(std::vector<int64_t> shape) : shape(std::move(shape)) {
  values.assign(count(), 0.0f);
}

int64_t Tensor::count() const {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

Tensor integers(std::vector<int64_t> shape, unsigned seed) {
  Tensor result(std::move(shape));
  std::mt19937 generator(seed);
  for (float &value : result.values)
    value = static_cast<float>(static_cast<int>(generator() % 7) - 3);
  return result;
}

Tensor roundedPairs(const Tensor &tensor) {
  int64_t channels = tensor.shape.back(), pairs = (channels + 1) / 2;
  std::vector<int64_t> shape = tensor.shape;
  shape.back() = pairs;
  Tensor result(shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    uint16_t rounded = upconv_rt_bfloat16(tensor.values[i]);
    int64_t pixel = i / channels, channel = i % channels;
    std::memcpy(
        reinterpret_cast<char *>(&result.values[pixel * pairs + channel / 2]) +
            channel % 2 * 2,
        &rounded, sizeof(rounded));
  }
  return result;
}

Size Problem::size(int64_t value) {
  if (!dynamic)
    return Size::of(value);
  scalars.push_back(static_cast<int32_t>(value));
  spec.scalars = static_cast<int>(scalars.size());
  return Size::argument(spec.scalars - 1);
}

TensorArgument Problem::argument(const std::vector<int64_t> &shape,
                                 const std::vector<int64_t> &haloLow,
                                 const std::vector<int64_t> &haloHigh,
                                 int64_t channelGap) {
  TensorArgument result;
  size_t rank = shape.size();
  result.haloLow = haloLow;
  result.haloHigh = haloHigh;
  result.haloLow.resize(rank);
  result.haloHigh.resize(rank);
  result.shape.resize(rank);
  result.strides.resize(rank);
  int64_t stride = 1;
  for (size_t d = rank; d-- > 0;) {
    // The pixel stride stays a constant, as channel counts are.
    bool run = d + 2 < rank;
    result.strides[d] = run ? size(stride) : Size::of(stride);
    result.shape[d] = d + 1 == rank ? Size::of(shape[d]) : size(shape[d]);
    stride *= shape[d] + result.haloLow[d] + result.haloHigh[d];
    if (d + 1 == rank)
      stride += channelGap;
  }
  return result;
}

KernelTarget target(const std::string &level) {
  if (level == "x86-64")
    return {"x86-64-linux-sse41", 4, 16, 1 << 20};
  if (level == "x86-64-v3")
    return {"x86-64-linux-avx-avx2-f16c-fma-sse41", 8, 16, 1 << 20};
  if (level == "aarch64")
    return {"arm-64-linux", 4, 32, 1 << 20};
  return {"x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41", 16, 32,
          1 << 20};
}

std::string hostLevel() {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return "x86-64-v4";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return "x86-64-v3";
  return "x86-64";
}

namespace {

/// A tensor in memory as its argument lays it out.
struct Placed {
  std::vector<float> memory;
  float *origin;
  std::vector<int64_t> offsets; ///< of every element, in dense order

  Placed(const Problem &problem, const TensorArgument &argument,
         const std::vector<int64_t> &shape, float background) {
    size_t rank = shape.size();
    std::vector<int64_t> strides(rank);
    int64_t low = 0, high = 0;
    for (size_t d = 0; d < rank; ++d) {
      strides[d] = problem.valueOf(argument.strides[d]);
      low += argument.haloLow[d] * strides[d];
      high += (shape[d] - 1 + argument.haloHigh[d]) * strides[d];
    }
    const int64_t guard = 64;
    memory.assign(low + high + 1 + 2 * guard + 16, background);
    origin = memory.data() + guard + low;
    // The halo, all combinations included, is zero.
    std::vector<int64_t> at(rank);
    auto visit = [&](auto &&self, size_t d, int64_t offset, bool real) -> void {
      if (d == rank) {
        if (real)
          offsets.push_back(offset);
        else
          origin[offset] = 0.0f;
        return;
      }
      for (int64_t i = -argument.haloLow[d];
           i < shape[d] + argument.haloHigh[d]; ++i)
        self(self, d + 1, offset + i * strides[d],
             real && i >= 0 && i < shape[d]);
    };
    visit(visit, 0, 0, true);
  }
};

halide_buffer_t poisoned(float *host) {
  halide_buffer_t buffer;
  std::memset(&buffer, 0xcd, sizeof(buffer));
  buffer.host = reinterpret_cast<uint8_t *>(host);
  return buffer;
}

using Kernel = int (*)(void **);

Kernel load(const KernelSpec &spec, void *&handle) {
  CompiledKernel compiled;
  std::string error;
  if (!compileKernel(spec, KernelText::Object, compiled, error)) {
    ADD_FAILURE() << error;
    return nullptr;
  }
  if (const char *dump = std::getenv("UPCONV_TEST_STMT")) { // for debugging
    compileKernel(spec, KernelText::Stmt, compiled, error);
    std::ofstream(dump) << compiled.text;
  }
  char path[] = "/tmp/upconv-test-XXXXXX";
  close(mkstemp(path));
  std::string object = std::string(path) + ".o", library = object + ".so";
  std::ofstream(object, std::ios::binary) << compiled.object;
  // compileKernel lets memset and memcpy through; they are found in libc.
  std::string command = "ld.lld-22 -shared -o " + library + " " + object;
  int status = std::system(command.c_str());
  handle = status == 0 ? dlopen(library.c_str(), RTLD_NOW) : nullptr;
  std::remove(path);
  std::remove(object.c_str());
  std::remove(library.c_str());
  if (!handle) {
    ADD_FAILURE() << "cannot load " << spec.name;
    return nullptr;
  }
  return reinterpret_cast<Kernel>(dlsym(handle, (spec.name + "_argv").c_str()));
}

std::vector<float> aligned(int64_t count, float *&data) {
  std::vector<float> storage(count + 16, 0.0f);
  uintptr_t address = reinterpret_cast<uintptr_t>(storage.data());
  data = reinterpret_cast<float *>((address + 63) / 64 * 64);
  return storage;
}

} // namespace

Tensor run(const Problem &problem, const Tensor &input, const Tensor &kernel,
           const Tensor &bias, const std::vector<Tensor> &operands,
           const std::vector<int64_t> &outputShape, int64_t parts) {
  const KernelSpec &spec = problem.spec;
  Tensor result(outputShape);
  void *handle = nullptr;
  Kernel function = load(spec, handle);
  if (!function)
    return result;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Placed> placed;
  placed.reserve(operands.size() + 2);
  std::vector<halide_buffer_t> buffers;
  buffers.reserve(operands.size() + 4);
  std::vector<void *> arguments;
  auto addBuffer = [&](float *host) {
    buffers.push_back(poisoned(host));
    arguments.push_back(&buffers.back());
  };
  auto addTensor = [&](const TensorArgument &argument, const Tensor &tensor) {
    placed.emplace_back(problem, argument, tensor.shape, nan);
    for (size_t i = 0; i < tensor.values.size(); ++i)
      placed.back().origin[placed.back().offsets[i]] = tensor.values[i];
    addBuffer(placed.back().origin);
  };
  addTensor(spec.input, input);
  float *weights = nullptr, *biases = nullptr;
  std::vector<float> weightStorage, biasStorage;
  if (spec.hasWeights()) {
    weightStorage = aligned(packedWeightCount(spec), weights);
    packWeights(spec, kernel.values.data(), weights);
    addBuffer(weights);
  }
  if (spec.hasBias) {
    biasStorage = aligned(packedBiasCount(spec), biases);
    packBias(spec, bias.values.data(), biases);
    addBuffer(biases);
  }
  for (size_t i = 0; i < operands.size(); ++i)
    addTensor(spec.operands[i], operands[i]);
  std::vector<int32_t> scalars = problem.scalars;
  for (int32_t &scalar : scalars)
    arguments.push_back(&scalar);
  int32_t begin = 0, end = 0;
  bool windowed = taskAxis(spec) != TaskAxis::None;
  if (windowed) {
    arguments.push_back(&begin);
    arguments.push_back(&end);
  }
  const float untouched = -12345.5f;
  placed.emplace_back(problem, spec.output, outputShape, untouched);
  Placed &out = placed.back();
  std::fill(out.memory.begin(), out.memory.end(), untouched);
  addBuffer(out.origin);

  if (!windowed) {
    EXPECT_EQ(function(arguments.data()), 0);
  } else {
    int64_t extent = problem.valueOf(taskExtent(spec));
    int64_t grain = taskGrain(spec);
    int64_t granules = (extent + parts * grain - 1) / (parts * grain);
    int64_t step = std::max<int64_t>(1, granules) * grain;
    for (int64_t at = 0; at < extent;) {
      int64_t next = at + step;
      if (extent - next < grain)
        next = extent;
      begin = static_cast<int32_t>(at);
      end = static_cast<int32_t>(next);
      EXPECT_EQ(function(arguments.data()), 0);
      at = next;
    }
  }
  std::vector<float> rest = out.memory;
  int64_t base = out.origin - out.memory.data();
  for (size_t i = 0; i < out.offsets.size(); ++i) {
    result.values[i] = out.origin[out.offsets[i]];
    rest[base + out.offsets[i]] = untouched;
  }
  int64_t strays = 0;
  for (float value : rest)
    strays += value != untouched;
  EXPECT_EQ(strays, 0) << "elements written outside the output";
  dlclose(handle);
  return result;
}

Tensor reference(const KernelSpec &spec, const Problem &problem,
                 const Tensor &input, const Tensor &kernel, const Tensor &bias,
                 const std::vector<int64_t> &outputShape) {
  int64_t rank = spec.spatialRank();
  int64_t cin = input.shape.back(), cout = outputShape.back();
  int64_t groups = spec.groups, perIn = cin / groups, perOut = cout / groups;
  bool transposed = spec.anchor == Anchor::ConvTranspose;
  std::vector<int64_t> outer(outputShape.begin(), outputShape.end() - 1);
  Tensor result(outputShape);
  std::vector<double> sums(result.values.size(), 0.0);
  // Pairs (position of the strided-from side, tap) -> the other position.
  const std::vector<int64_t> &from = transposed ? input.shape : outputShape;
  const std::vector<int64_t> &to = transposed ? outputShape : input.shape;
  auto visit = [&](auto &&self, int64_t axis, int64_t fromPixel,
                   int64_t toPixel, int64_t tap) -> void {
    if (axis == rank) {
      int64_t in = transposed ? fromPixel : toPixel;
      int64_t out = transposed ? toPixel : fromPixel;
      for (int64_t co = 0; co < cout; ++co)
        for (int64_t ci = 0; ci < perIn; ++ci) {
          int64_t group = co / perOut;
          double w = transposed ? kernel.values[(tap * cout + co) * cin + ci]
                                : kernel.values[(tap * perIn + ci) * cout + co];
          sums[out * cout + co] +=
              w * input.values[in * cin + group * perIn + ci];
        }
      return;
    }
    int64_t low = problem.valueOf(spec.low[axis]);
    for (int64_t p = 0; p < from[axis + 1]; ++p)
      for (int64_t k = 0; k < spec.window[axis]; ++k) {
        int64_t q = p * spec.strides[axis] + k * spec.dilations[axis] - low;
        if (q >= 0 && q < to[axis + 1])
          self(self, axis + 1, fromPixel * from[axis + 1] + p,
               toPixel * to[axis + 1] + q, tap * spec.window[axis] + k);
      }
  };
  for (int64_t n = 0; n < input.shape[0]; ++n)
    visit(visit, 0, n, n, 0);
  for (size_t i = 0; i < sums.size(); ++i)
    result.values[i] = static_cast<float>(
        sums[i] + (spec.hasBias ? bias.values[i % cout] : 0.0f));
  return result;
}

Problem problemOf(Anchor anchor, const std::string &strategy, bool dynamic) {
  Problem problem;
  problem.dynamic = dynamic;
  problem.spec.name = "kernel";
  problem.spec.anchor = anchor;
  problem.spec.schedule.strategy = strategy;
  problem.spec.target = target(hostLevel());
  return problem;
}

} // namespace upconv::test
