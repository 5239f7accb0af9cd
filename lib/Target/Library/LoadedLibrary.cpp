//===- LoadedLibrary.cpp - A generated shared library, in this process ----===//

#include "upconv/Target/Library/LoadedLibrary.h"

#include "PlanQueries.h"

#include "upconv/Runtime/Device.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Path.h"

#include <dlfcn.h>

using namespace upconv;

struct LoadedLibrary::State {
  ~State() {
    if (handle)
      dlclose(handle);
  }
  void *handle = nullptr;
  const upconv_rt_info *info = nullptr;
  std::string path, name; // the path is for messages
  llvm::json::Value description = nullptr;
  std::vector<LoadedPort> inputs, outputs;
  std::vector<LoadedExtent> extents;
  std::vector<Variable> variables;
  size_t outputDimensions = 0;
};

LoadedLibrary::LoadedLibrary(std::unique_ptr<State> state)
    : state(std::move(state)) {}
LoadedLibrary::LoadedLibrary(LoadedLibrary &&) = default;
LoadedLibrary &LoadedLibrary::operator=(LoadedLibrary &&) = default;
LoadedLibrary::~LoadedLibrary() = default;

int64_t upconv::elementCount(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

static llvm::Error problem(const llvm::Twine &path,
                           const llvm::Twine &message) {
  return llvm::createStringError((path + ": error: " + message).str());
}

/// The one exported symbol NAME_describe; NAME.
static llvm::Expected<std::string> findName(llvm::StringRef library,
                                            llvm::StringRef path) {
  auto file = llvm::object::ObjectFile::createObjectFile(library);
  if (!file)
    return problem(path, llvm::toString(file.takeError()));
  auto *elf =
      llvm::dyn_cast<llvm::object::ELFObjectFileBase>(file->getBinary());
  if (!elf)
    return problem(path, "not an ELF shared library");
  std::vector<std::string> names;
  for (llvm::object::ELFSymbolRef symbol : elf->getDynamicSymbolIterators()) {
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!name || !flags) {
      llvm::consumeError(llvm::joinErrors(name.takeError(), flags.takeError()));
      continue;
    }
    if (name->consume_back("_describe") &&
        !(*flags & llvm::object::SymbolRef::SF_Undefined))
      names.push_back(name->str());
  }
  if (names.empty())
    return problem(path, "not a library made by upconv: no symbol ends in "
                         "'_describe'");
  if (names.size() > 1)
    return problem(path, "holds several libraries ('" +
                             llvm::join(names, "', '") + "'); name one");
  return names.front();
}

static bool parsePorts(const llvm::json::Object &description,
                       llvm::StringRef key, std::vector<LoadedPort> &ports) {
  const llvm::json::Array *list = description.getArray(key);
  if (!list)
    return false;
  for (const llvm::json::Value &value : *list) {
    const llvm::json::Object *object = value.getAsObject();
    if (!object)
      return false;
    const llvm::json::Array *shape = object->getArray("shape");
    const llvm::json::Array *expressions = object->getArray("expressions");
    if (!shape || !expressions || shape->size() != expressions->size())
      return false;
    LoadedPort port{object->getString("name").value_or("").str(),
                    object->getString("layer").value_or("").str(),
                    {},
                    {}};
    for (const llvm::json::Value &extent : *shape)
      port.shape.push_back(extent.getAsInteger().value_or(-1));
    for (const llvm::json::Value &text : *expressions)
      port.expressions.push_back(text.getAsString().value_or("").str());
    ports.push_back(std::move(port));
  }
  return true;
}

static bool parseExtents(const llvm::json::Object &description,
                         llvm::ArrayRef<LoadedPort> inputs,
                         std::vector<LoadedExtent> &extents) {
  const llvm::json::Array *list = description.getArray("extents");
  if (!list)
    return false;
  for (const llvm::json::Value &value : *list) {
    const llvm::json::Object *object = value.getAsObject();
    if (!object)
      return false;
    int64_t input = object->getInteger("input").value_or(-1);
    int64_t dimension = object->getInteger("dimension").value_or(-1);
    if (input < 0 || input >= int64_t(inputs.size()) || dimension < 0 ||
        dimension >= int64_t(inputs[input].shape.size()))
      return false;
    extents.push_back({object->getString("field").value_or("").str(),
                       unsigned(input), unsigned(dimension)});
  }
  return true;
}

static bool parseVariables(const llvm::json::Object &description,
                           std::vector<Variable> &variables) {
  const llvm::json::Array *list = description.getArray("variables");
  if (!list)
    return false;
  for (const llvm::json::Value &value : *list) {
    const llvm::json::Object *object = value.getAsObject();
    const llvm::json::Array *shape =
        object ? object->getArray("shape") : nullptr;
    if (!shape)
      return false;
    Variable variable;
    variable.field = object->getString("field").value_or("").str();
    variable.path = object->getString("path").value_or("").str();
    variable.used = object->getBoolean("used").value_or(false);
    for (const llvm::json::Value &size : *shape)
      variable.shape.push_back(size.getAsInteger().value_or(-1));
    variables.push_back(std::move(variable));
  }
  return true;
}

llvm::Expected<LoadedLibrary> LoadedLibrary::open(llvm::StringRef file,
                                                  llvm::StringRef name,
                                                  llvm::StringRef shownAs) {
  auto state = std::make_unique<State>();
  llvm::StringRef path = shownAs.empty() ? file : shownAs;
  state->path = path.str();
  state->name = name.str();
  if (name.empty()) {
    llvm::Expected<std::string> found = findName(file, path);
    if (!found)
      return found.takeError();
    state->name = *found;
  }
  // dlopen searches the system's folders for a name without a slash.
  std::string slashed = file.contains('/') ? file.str() : "./" + file.str();
  state->handle = dlopen(slashed.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!state->handle)
    return problem(path, dlerror());
  std::string symbol = state->name + "_describe";
  auto describe = reinterpret_cast<const upconv_rt_info *(*)()>(
      dlsym(state->handle, symbol.c_str()));
  if (!describe)
    return problem(path, "no symbol '" + symbol + "'");
  state->info = describe();
  if (!state->info || state->info->struct_size < sizeof(upconv_rt_info))
    return problem(path, "made by an incompatible version of upconv");

  llvm::Expected<llvm::json::Value> json = llvm::json::parse(state->info->json);
  if (!json)
    return problem(path, llvm::toString(json.takeError()));
  state->description = std::move(*json);
  const llvm::json::Object *object = state->description.getAsObject();
  if (!object || !parsePorts(*object, "inputs", state->inputs) ||
      !parsePorts(*object, "outputs", state->outputs) ||
      !parseExtents(*object, state->inputs, state->extents) ||
      !parseVariables(*object, state->variables))
    return problem(path, "its description cannot be read");
  for (const LoadedPort &port : state->outputs)
    state->outputDimensions += port.shape.size();
  return LoadedLibrary(std::move(state));
}

//===----------------------------------------------------------------------===//
// Use
//===----------------------------------------------------------------------===//

const std::string &LoadedLibrary::name() const { return state->name; }
const llvm::json::Object &LoadedLibrary::description() const {
  return *state->description.getAsObject();
}
llvm::ArrayRef<LoadedPort> LoadedLibrary::inputs() const {
  return state->inputs;
}
llvm::ArrayRef<LoadedPort> LoadedLibrary::outputs() const {
  return state->outputs;
}
llvm::ArrayRef<LoadedExtent> LoadedLibrary::extents() const {
  return state->extents;
}

llvm::Expected<std::vector<int64_t>>
LoadedLibrary::extentsFor(llvm::ArrayRef<std::vector<int64_t>> shapes) const {
  if (shapes.size() != state->inputs.size())
    return problem(state->path,
                   "expected " + llvm::Twine(state->inputs.size()) +
                       " inputs, got " + llvm::Twine(shapes.size()));
  for (size_t i = 0; i < shapes.size(); ++i) {
    const LoadedPort &port = state->inputs[i];
    bool fits = shapes[i].size() == port.shape.size();
    for (size_t d = 0; fits && d < shapes[i].size(); ++d)
      fits = port.shape[d] < 0 || port.shape[d] == shapes[i][d];
    if (!fits)
      return problem(state->path, "input '" + port.name +
                                      "' must have shape (" +
                                      llvm::join(port.expressions, ", ") +
                                      (port.shape.size() == 1 ? ",)" : ")") +
                                      ", got " + spellShape(shapes[i]));
  }
  std::vector<int64_t> values;
  for (const LoadedExtent &extent : state->extents)
    values.push_back(shapes[extent.input][extent.dimension]);
  return values;
}

llvm::Expected<LoadedLibrary::Sizes>
LoadedLibrary::sizes(llvm::ArrayRef<int64_t> extents, int threads) const {
  if (extents.size() != state->extents.size())
    return problem(state->path,
                   "expected " + llvm::Twine(state->extents.size()) +
                       " extents, got " + llvm::Twine(extents.size()));
  Sizes result{0, {}};
  std::vector<int64_t> dimensions(state->outputDimensions);
  int status = state->info->sizes(extents.data(), threads, &result.workspace,
                                  dimensions.data());
  if (status) {
    const char *rule = state->info->extents_error(extents.data());
    return problem(state->path,
                   rule ? rule : state->info->status_string(status));
  }
  auto next = dimensions.begin();
  for (const LoadedPort &port : state->outputs) {
    result.outputShapes.emplace_back(next, next + port.shape.size());
    next += port.shape.size();
  }
  return result;
}

size_t LoadedLibrary::packedSize() const { return state->info->packed_size; }

llvm::ArrayRef<Variable> LoadedLibrary::variables() const {
  return state->variables;
}

llvm::Error LoadedLibrary::pack(llvm::ArrayRef<const float *> variables,
                                void *packed) const {
  if (!state->info->pack || variables.size() != state->variables.size())
    return problem(state->path, "it packs other variables than it was given");
  if (int status = state->info->pack(variables.data(), packed))
    return problem(state->path, state->info->status_string(status));
  return llvm::Error::success();
}

/// What another machine may have.
static bool isOfMachine(int status) {
  return status == UPCONV_RT_UNSUPPORTED_CPU || status == UPCONV_RT_NO_DEVICE;
}

bool LoadedLibrary::runsHere() const {
  return !isOfMachine(state->info->prepare());
}

llvm::Error LoadedLibrary::prepare(const void *weights, size_t weightsSize,
                                   llvm::StringRef weightsFile) const {
  if (int status = state->info->prepare()) {
    llvm::Error error =
        problem(state->path, state->info->status_string(status));
    if (!isOfMachine(status))
      return error;
    return llvm::createStringError(
        std::make_error_code(std::errc::not_supported),
        llvm::toString(std::move(error)));
  }
  if (packedSize())
    if (int status = state->info->check_weights(weights, weightsSize))
      return problem(weightsFile.empty() ? llvm::StringRef(state->path)
                                         : weightsFile,
                     state->info->status_string(status));
  return llvm::Error::success();
}

static upconv_rt_options rawOptions(const LoadedLibrary::Options &options) {
  return {sizeof(upconv_rt_options),
          options.workspace,
          options.workspaceSize,
          options.threads,
          options.parallelFor,
          options.user,
          options.weights};
}

int LoadedLibrary::runRaw(const float *const *inputs, const int64_t *extents,
                          float *const *outputs, const Options &options) const {
  upconv_rt_options raw = rawOptions(options);
  return state->info->call(inputs, extents, outputs, &raw);
}

int LoadedLibrary::runTraced(const float *const *inputs, const int64_t *extents,
                             float *const *outputs, const Options &options,
                             const Trace &trace) const {
  upconv_rt_traced_options raw = {rawOptions(options), UPCONV_RT_TRACED,
                                  trace.at, trace.context};
  raw.options.struct_size = sizeof raw;
  return state->info->call(inputs, extents, outputs, &raw.options);
}

int LoadedLibrary::timeOnDevice(const float *const *inputs,
                                const int64_t *extents, float *const *outputs,
                                const Options &options, double (*now)(void),
                                int64_t runs, bool isResident,
                                DeviceTime &time) const {
  char device[128] = "";
  upconv_rt_timed_options raw = {
      rawOptions(options), UPCONV_RT_TIMED, now,    runs,
      isResident,          &time.seconds,   device, sizeof device};
  raw.options.struct_size = sizeof raw;
  int status = state->info->call(inputs, extents, outputs, &raw.options);
  time.device = device;
  return status;
}

std::string LoadedLibrary::describe(int status) const {
  return state->info->status_string(status);
}

llvm::Error LoadedLibrary::run(llvm::ArrayRef<const float *> inputs,
                               llvm::ArrayRef<int64_t> extents,
                               llvm::ArrayRef<float *> outputs,
                               const Options &options) const {
  if (inputs.size() != state->inputs.size() ||
      outputs.size() != state->outputs.size() ||
      extents.size() != state->extents.size())
    return problem(state->path,
                   "the number of inputs, outputs or extents is wrong");
  int status = runRaw(inputs.data(), extents.data(), outputs.data(), options);
  if (!status)
    return llvm::Error::success();
  const char *rule =
      status == UPCONV_RT_INVALID_EXTENT || status == UPCONV_RT_OVERFLOW
          ? state->info->extents_error(extents.data())
          : nullptr;
  return problem(state->path, rule ? rule : state->info->status_string(status));
}
