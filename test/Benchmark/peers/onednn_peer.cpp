//===- onednn_peer.cpp - A oneDNN deconvolution behind a C interface ------===//
//
// onednn_peer.py drives it. Weights are given in Keras's layout and reordered
// into the one that the implementation asks for (format any) before any timing.
//
//===----------------------------------------------------------------------===//

#include <dnnl.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unordered_map>
#include <vector>

using namespace dnnl;

namespace {

/// Sizes of a layer, spatial ones of `rank` elements each.
struct LayerSizes {
  int64_t rank, batch, cin, cout;
  const int64_t *in, *out, *kernel, *strides, *dilation, *front, *behind;
};

enum class Layout { ChannelsLast, ChannelsFirst, Any };

/// Channels last, as Keras has its tensors, in oneDNN's order of dimensions.
memory::desc channelsLast(const memory::dims &dims) {
  memory::dims strides(dims.size());
  int64_t stride = dims[1];
  strides[1] = 1;
  for (size_t axis = dims.size(); axis-- > 2; stride *= dims[axis])
    strides[axis] = stride;
  strides[0] = stride;
  return {dims, memory::data_type::f32, strides};
}

memory::desc channelsFirst(const memory::dims &dims) {
  memory::dims strides(dims.size());
  int64_t stride = 1;
  for (size_t axis = dims.size(); axis-- > 0; stride *= dims[axis])
    strides[axis] = stride;
  return {dims, memory::data_type::f32, strides};
}

memory::desc described(const memory::dims &dims, Layout layout) {
  if (layout == Layout::Any)
    return {dims, memory::data_type::f32, memory::format_tag::any};
  return layout == Layout::ChannelsLast ? channelsLast(dims)
                                        : channelsFirst(dims);
}

/// Keras's (k..., cout, cin), in oneDNN's order (cout, cin, k...).
memory::desc kerasKernel(const memory::dims &dims) {
  memory::dims strides(dims.size());
  strides[1] = 1;
  strides[0] = dims[1];
  int64_t stride = dims[0] * dims[1];
  for (size_t axis = dims.size(); axis-- > 2; stride *= dims[axis])
    strides[axis] = stride;
  return {dims, memory::data_type::f32, strides};
}

class Deconvolution {
public:
  Deconvolution(const LayerSizes &sizes, Layout layout, int64_t implementation,
                const float *x, const float *weights, const float *bias);

  bool found() const { return !name.empty(); }
  const std::string &implementationName() const { return name; }

  /// Submits `runs` executions, one after the other, and waits for the last.
  void run(int64_t runs) {
    for (int64_t i = 0; i < runs; ++i)
      primitive.execute(queue, arguments);
    queue.wait();
  }

  /// The last result, channels last.
  void result(float *y) {
    memory plain = empty(channelsLast(outputDims));
    reorder(arguments.at(DNNL_ARG_DST), plain)
        .execute(queue, arguments.at(DNNL_ARG_DST), plain);
    queue.wait();
    std::memcpy(y, plain.get_data_handle(), plain.get_desc().get_size());
  }

private:
  memory empty(const memory::desc &desc);
  memory placed(const float *values, const memory::desc &given,
                const memory::desc &wanted);

  struct Free {
    void operator()(void *pointer) const { std::free(pointer); }
  };
  std::vector<std::unique_ptr<void, Free>> buffers;
  engine cpu{engine::kind::cpu, 0};
  stream queue{cpu};
  memory::dims outputDims;
  deconvolution_forward primitive;
  std::unordered_map<int, memory> arguments;
  std::string name;
};

/// Memory with huge pages asked for, as upconv's own bench has it.
memory Deconvolution::empty(const memory::desc &desc) {
  const size_t hugePage = 2 << 20;
  size_t bytes = (desc.get_size() + hugePage - 1) / hugePage * hugePage;
  buffers.emplace_back(std::aligned_alloc(hugePage, bytes));
  if (!buffers.back())
    throw std::bad_alloc();
  madvise(buffers.back().get(), bytes, MADV_HUGEPAGE);
  std::memset(buffers.back().get(), 0, bytes);
  return {desc, cpu, buffers.back().get()};
}

memory Deconvolution::placed(const float *values, const memory::desc &given,
                             const memory::desc &wanted) {
  memory source = empty(given);
  std::memcpy(source.get_data_handle(), values, given.get_size());
  if (given == wanted)
    return source;
  memory target = empty(wanted);
  reorder(source, target).execute(queue, source, target);
  queue.wait();
  return target;
}

Deconvolution::Deconvolution(const LayerSizes &sizes, Layout layout,
                             int64_t implementation, const float *x,
                             const float *weights, const float *bias) {
  auto axes = [&](const int64_t *values) {
    return memory::dims(values, values + sizes.rank);
  };
  auto dims = [&](int64_t first, int64_t second, const int64_t *spatial) {
    memory::dims result{first, second};
    result.insert(result.end(), spatial, spatial + sizes.rank);
    return result;
  };
  memory::dims inputDims = dims(sizes.batch, sizes.cin, sizes.in);
  memory::dims kernelDims = dims(sizes.cout, sizes.cin, sizes.kernel);
  outputDims = dims(sizes.batch, sizes.cout, sizes.out);
  memory::dims dilation = axes(sizes.dilation);
  for (int64_t &axis : dilation)
    --axis; // oneDNN counts the holes

  memory::desc biasDesc({sizes.cout}, memory::data_type::f32,
                        memory::format_tag::a);
  deconvolution_forward::primitive_desc desc(
      cpu, prop_kind::forward_inference, algorithm::deconvolution_direct,
      described(inputDims, layout), described(kernelDims, Layout::Any),
      biasDesc, described(outputDims, layout), axes(sizes.strides), dilation,
      axes(sizes.front), axes(sizes.behind));
  for (int64_t i = 0; i < implementation; ++i)
    if (!desc.next_impl())
      return;
  name = desc.impl_info_str();
  primitive = deconvolution_forward(desc);
  arguments = {
      {DNNL_ARG_SRC, placed(x, channelsLast(inputDims), desc.src_desc())},
      {DNNL_ARG_WEIGHTS,
       placed(weights, kerasKernel(kernelDims), desc.weights_desc())},
      {DNNL_ARG_BIAS, placed(bias, biasDesc, biasDesc)},
      {DNNL_ARG_DST, empty(desc.dst_desc())}};
}

void copyText(const std::string &text, char *to, int64_t size) {
  int64_t length = std::min<int64_t>(text.size(), size - 1);
  std::memcpy(to, text.data(), length);
  to[length] = 0;
}

} // namespace

/// A deconvolution by the `implementation`-th of the implementations that
/// oneDNN offers, its name in `text`. Null and an empty text if there are
/// fewer, null and the reason if oneDNN refuses.
extern "C" Deconvolution *onednn_create(const LayerSizes *sizes, int64_t layout,
                                        int64_t implementation, const float *x,
                                        const float *weights, const float *bias,
                                        char *text, int64_t textSize) {
  copyText("", text, textSize);
  try {
    auto made = std::make_unique<Deconvolution>(
        *sizes, static_cast<Layout>(layout), implementation, x, weights, bias);
    if (!made->found())
      return nullptr;
    copyText(made->implementationName(), text, textSize);
    return made.release();
  } catch (const std::exception &error) {
    copyText(error.what(), text, textSize);
    return nullptr;
  }
}

extern "C" void onednn_run(Deconvolution *made, int64_t runs) {
  made->run(runs);
}

extern "C" void onednn_result(Deconvolution *made, float *y) {
  made->result(y);
}

extern "C" void onednn_destroy(Deconvolution *made) { delete made; }

/// "3.13.0"
extern "C" void onednn_version(char *text, int64_t textSize) {
  const dnnl_version_t *found = dnnl_version();
  copyText(std::to_string(found->major) + "." + std::to_string(found->minor) +
               "." + std::to_string(found->patch),
           text, textSize);
}
