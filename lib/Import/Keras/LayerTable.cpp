//===- LayerTable.cpp - Which class name is which layer -------------------===//

#include "LayerArguments.h"
#include "LayerReaders.h"
#include "Spelling.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras_import;

//===----------------------------------------------------------------------===//
// Building an op of any kind
//===----------------------------------------------------------------------===//

/// Calls `use` with an adaptor without properties of its own or with those that
/// `attributes` say.
template <typename Op, typename Use>
static LogicalResult withProperties(Location location,
                                    DictionaryAttr attributes, Use use) {
  using Properties = typename Op::Properties;
  Properties properties{};
  if constexpr (!std::is_same_v<Properties, EmptyProperties>)
    if (failed(Op::setPropertiesFromAttr(properties, attributes,
                                         [&] { return emitError(location); })))
      return failure();
  return use(properties);
}

template <typename Op>
static LogicalResult verifyKind(Location location, DictionaryAttr attributes) {
  return withProperties<Op>(location, attributes, [&](auto &properties) {
    return Op::verifyArguments(
        location, typename Op::Adaptor(ValueRange(), attributes, properties));
  });
}

template <typename Op>
static Operation *buildKind(OpBuilder &builder, Location location,
                            ValueRange inputs, DictionaryAttr attributes) {
  SmallVector<Type> types;
  LogicalResult inferred =
      withProperties<Op>(location, attributes, [&](auto &properties) {
        return Op::inferReturnTypes(
            builder.getContext(), location,
            typename Op::Adaptor(inputs, attributes, properties), types);
      });
  if (failed(inferred))
    return nullptr;
  OperationState state(location, Op::getOperationName(), inputs, types,
                       attributes.getValue());
  return builder.create(state);
}

template <typename Op>
static LayerKind kindOf(void (*read)(LayerArguments &), bool merges = false) {
  return {Op::getLayerClass(), read, merges, verifyKind<Op>, buildKind<Op>};
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

template <unsigned rank> static void convTranspose(LayerArguments &args) {
  readConvTranspose(args, rank);
}
template <unsigned rank> static void conv(LayerArguments &args) {
  readConv(args, rank);
}
template <unsigned rank> static void maxPooling(LayerArguments &args) {
  readPooling(args, rank, 2);
}
template <unsigned rank> static void averagePooling(LayerArguments &args) {
  readPooling(args, rank, std::nullopt);
}

static ArrayRef<LayerKind> layerKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<Conv1DTransposeOp>(convTranspose<1>),
      kindOf<Conv2DTransposeOp>(convTranspose<2>),
      kindOf<Conv3DTransposeOp>(convTranspose<3>),
      kindOf<Conv1DOp>(conv<1>),
      kindOf<Conv2DOp>(conv<2>),
      kindOf<Conv3DOp>(conv<3>),
      kindOf<DenseOp>(readDense),
      kindOf<MaxPooling1DOp>(maxPooling<1>),
      kindOf<MaxPooling2DOp>(maxPooling<2>),
      kindOf<MaxPooling3DOp>(maxPooling<3>),
      kindOf<AveragePooling1DOp>(averagePooling<1>),
      kindOf<AveragePooling2DOp>(averagePooling<2>),
      kindOf<AveragePooling3DOp>(averagePooling<3>),
      kindOf<ReshapeOp>(readReshape),
      kindOf<FlattenOp>(readFlatten),
      kindOf<BatchNormalizationOp>(readBatchNormalization),
      kindOf<ReLUOp>(readReLU),
      kindOf<LeakyReLUOp>(readLeakyReLU),
      kindOf<SoftmaxOp>(readSoftmax),
      kindOf<ActivationOp>(readActivation),
      kindOf<DropoutOp>(readDropout),
      kindOf<AddOp>(readAdd, /*merges=*/true),
  };
  return kinds;
}

/// Keras's other layers, of both versions.
static constexpr StringRef otherLayers[] = {"AbstractRNNCell",
                                            "ActivityRegularization",
                                            "AdaptiveAveragePooling1D",
                                            "AdaptiveAveragePooling2D",
                                            "AdaptiveAveragePooling3D",
                                            "AdaptiveMaxPooling1D",
                                            "AdaptiveMaxPooling2D",
                                            "AdaptiveMaxPooling3D",
                                            "AdditiveAttention",
                                            "AlphaDropout",
                                            "Attention",
                                            "AugMix",
                                            "AutoContrast",
                                            "Average",
                                            "Bidirectional",
                                            "CategoryEncoding",
                                            "CenterCrop",
                                            "Concatenate",
                                            "ConvLSTM1D",
                                            "ConvLSTM2D",
                                            "ConvLSTM3D",
                                            "Cropping1D",
                                            "Cropping2D",
                                            "Cropping3D",
                                            "CuDNNGRU",
                                            "CuDNNLSTM",
                                            "CutMix",
                                            "DepthwiseConv1D",
                                            "DepthwiseConv2D",
                                            "Discretization",
                                            "Dot",
                                            "ELU",
                                            "EinsumDense",
                                            "Embedding",
                                            "Equalization",
                                            "FlaxLayer",
                                            "Functional",
                                            "GRU",
                                            "GRUCell",
                                            "GaussianDropout",
                                            "GaussianNoise",
                                            "GlobalAveragePooling1D",
                                            "GlobalAveragePooling2D",
                                            "GlobalAveragePooling3D",
                                            "GlobalMaxPooling1D",
                                            "GlobalMaxPooling2D",
                                            "GlobalMaxPooling3D",
                                            "GroupNormalization",
                                            "GroupQueryAttention",
                                            "HashedCrossing",
                                            "Hashing",
                                            "Identity",
                                            "IntegerLookup",
                                            "JaxLayer",
                                            "LSTM",
                                            "LSTMCell",
                                            "Lambda",
                                            "LayerNormalization",
                                            "LocallyConnected1D",
                                            "LocallyConnected2D",
                                            "Masking",
                                            "MaxNumBoundingBoxes",
                                            "Maximum",
                                            "MelSpectrogram",
                                            "Minimum",
                                            "MixUp",
                                            "Model",
                                            "MultiHeadAttention",
                                            "Multiply",
                                            "Normalization",
                                            "PReLU",
                                            "Permute",
                                            "Pipeline",
                                            "RMSNormalization",
                                            "RNN",
                                            "RandAugment",
                                            "RandomBrightness",
                                            "RandomColorDegeneration",
                                            "RandomColorJitter",
                                            "RandomContrast",
                                            "RandomCrop",
                                            "RandomElasticTransform",
                                            "RandomErasing",
                                            "RandomFlip",
                                            "RandomGaussianBlur",
                                            "RandomGrayscale",
                                            "RandomHeight",
                                            "RandomHue",
                                            "RandomInvert",
                                            "RandomPerspective",
                                            "RandomPosterization",
                                            "RandomRotation",
                                            "RandomSaturation",
                                            "RandomSharpness",
                                            "RandomShear",
                                            "RandomTranslation",
                                            "RandomWidth",
                                            "RandomZoom",
                                            "RepeatVector",
                                            "Rescaling",
                                            "Resizing",
                                            "ReversibleEmbedding",
                                            "STFTSpectrogram",
                                            "SeparableConv1D",
                                            "SeparableConv2D",
                                            "Sequential",
                                            "SimpleRNN",
                                            "SimpleRNNCell",
                                            "SlicingOpLambda",
                                            "Solarization",
                                            "SpatialDropout1D",
                                            "SpatialDropout2D",
                                            "SpatialDropout3D",
                                            "SpectralNormalization",
                                            "StackedRNNCells",
                                            "StringLookup",
                                            "Subtract",
                                            "TFOpLambda",
                                            "TFSMLayer",
                                            "TensorFlowOpLayer",
                                            "TextVectorization",
                                            "ThresholdedReLU",
                                            "TimeDistributed",
                                            "TorchModuleWrapper",
                                            "UnitNormalization",
                                            "UpSampling1D",
                                            "UpSampling2D",
                                            "UpSampling3D",
                                            "Wrapper",
                                            "ZeroPadding1D",
                                            "ZeroPadding2D",
                                            "ZeroPadding3D"};

/// Other names of the same classes.
static StringRef canonicalClass(StringRef className) {
  static constexpr std::pair<StringRef, StringRef> aliases[] = {
      {"Convolution1D", "Conv1D"},
      {"Convolution2D", "Conv2D"},
      {"Convolution3D", "Conv3D"},
      {"Convolution1DTranspose", "Conv1DTranspose"},
      {"Convolution2DTranspose", "Conv2DTranspose"},
      {"Convolution3DTranspose", "Conv3DTranspose"},
      {"MaxPool1D", "MaxPooling1D"},
      {"MaxPool2D", "MaxPooling2D"},
      {"MaxPool3D", "MaxPooling3D"},
      {"AvgPool1D", "AveragePooling1D"},
      {"AvgPool2D", "AveragePooling2D"},
      {"AvgPool3D", "AveragePooling3D"},
      {"BatchNormalizationV1", "BatchNormalization"},
      {"BatchNormalizationV2", "BatchNormalization"}};
  for (const auto &[alias, canonical] : aliases)
    if (className == alias)
      return canonical;
  return className;
}

/// Whether `module` is one of Keras's own; files without modules are.
static bool isKerasModule(StringRef module) {
  return module.empty() || module == "builtins" ||
         llvm::any_of(
             ArrayRef<StringRef>{"keras", "tf_keras", "tensorflow.keras",
                                 "tensorflow.python.keras", "keras_core"},
             [&](StringRef root) {
               StringRef rest = module;
               return rest.consume_front(root) &&
                      (rest.empty() || rest.starts_with("."));
             });
}

/// What keeps a real layer of Keras from being compiled.
static std::string reasonFor(StringRef className) {
  if (className == "Lambda")
    return "a Lambda layer is Python code, which is never executed";
  if (className == "Functional" || className == "Sequential" ||
      className == "Model")
    return "a model inside a model is not supported yet";
  return "this layer is not supported yet";
}

const LayerKind *upconv::keras_import::findLayerKind(JsonValue node,
                                                     StringRef className,
                                                     StringRef layerName,
                                                     Reporter &reporter) {
  auto prefixed = [&](InFlightDiagnostic diagnostic) {
    return std::move(diagnostic << "layer '" << layerName << "' (" << className
                                << "): ");
  };
  JsonValue classNode = node["class_name"];
  Location place = classNode ? classNode.location() : node.location();
  StringRef module = node.string("module");
  StringRef registered = node.string("registered_name");
  bool isCustom = !isKerasModule(module) || registered.contains('>') ||
                  className.contains('>');
  if (isCustom) {
    InFlightDiagnostic diagnostic = prefixed(reporter.unsupported(place));
    diagnostic << "only Keras's own classes are supported";
    if (!module.empty())
      diagnostic << ", this one is of module '" << module << "'";
    return nullptr;
  }
  if (module.contains(".ops")) {
    prefixed(reporter.unsupported(place))
        << "an operation of " << module << " is not supported yet";
    return nullptr;
  }
  for (const LayerKind &kind : layerKinds())
    if (kind.className == className)
      return &kind;
  if (llvm::is_contained(otherLayers, className)) {
    prefixed(reporter.unsupported(place)) << reasonFor(className);
    return nullptr;
  }
  SmallVector<StringRef> known;
  for (const LayerKind &kind : layerKinds())
    known.push_back(kind.className);
  llvm::append_range(known, otherLayers);
  prefixed(reporter.invalid(place))
      << "Keras has no such layer" << didYouMean(className, known);
  return nullptr;
}

std::unique_ptr<LayerPlan> upconv::keras_import::readLayer(JsonValue node,
                                                           StringRef name,
                                                           Flavor flavor,
                                                           Reporter &reporter) {
  auto plan = std::make_unique<LayerPlan>(node.location());
  plan->name = name.str();
  plan->valid = false;
  plan->className = canonicalClass(node.string("class_name")).str();
  if (plan->className.empty()) {
    reporter.invalid(node.location())
        << "layer '" << name << "': 'class_name' is required";
    return plan;
  }
  plan->isInput = plan->className == "InputLayer";
  if (!plan->isInput) {
    plan->kind = findLayerKind(node, plan->className, name, reporter);
    if (!plan->kind)
      return plan;
  }
  JsonValue config = node["config"];
  if (!config.isObject()) {
    reporter.invalid(config ? config.location() : node.location())
        << "layer '" << name << "' (" << plan->className
        << "): 'config' must be an object";
    return plan;
  }
  plan->valid = true;
  if (JsonValue build = node["build_config"]["input_shape"]; build.isSet())
    plan->recordedInput = readShape(build);
  LayerArguments args(*plan, config, flavor, reporter);
  if (plan->isInput) {
    for (StringRef key : {"sparse", "ragged", "optional"})
      if (JsonValue value = args.take(key); value.asBool() == true)
        args.unsupported(value) << "'" << key << "' inputs are not supported";
    args.ignore({"shape", "input_tensor"});
  } else {
    plan->kind->read(args);
  }
  args.finish();
  return plan;
}
