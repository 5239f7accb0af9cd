//===- MatrixTiles.cpp - Sums in the tile registers of AMX ----------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "MatrixTiles.h"

#include "Stages.h"

#include <algorithm>
#include <set>
#include <stdexcept>

using Halide::Expr;
using namespace Halide::Internal; // IR node names, throughout this file

namespace upconv {

const char *const multiplyTilesName = "upconv_tile_multiply";

static const char *const zeroName = "upconv_tiles_zero";
static const char *const addName = "upconv_tiles_add";
static const char *const storeName = "upconv_tiles_store";
static const char *const shapeName = "upconv_tiles_shape";

//===----------------------------------------------------------------------===//
// A micro-tile
//===----------------------------------------------------------------------===//

int64_t MatrixTile::registersPerRow() const {
  return ceilDiv(columns, kMatrixRows);
}

std::vector<int64_t> MatrixTile::starts() const {
  int64_t each = ceilDiv(columns, registersPerRow());
  std::vector<int64_t> result;
  for (int64_t i = 0; i < registersPerRow(); ++i)
    result.push_back(std::min(i * each, columns - each));
  return result;
}

MatrixShape MatrixTile::shape() const {
  MatrixShape shape;
  shape.rows = ceilDiv(columns, registersPerRow());
  shape.lanes = lanes;
  // As few steps as can be; equal ones need no second shape.
  int64_t steps = ceilDiv(channels, kMatrixRows);
  shape.pairs = channels % steps == 0 ? channels / steps : kMatrixRows;
  shape.rest = channels % shape.pairs;
  return shape;
}

int64_t MatrixTile::steps() const { return channels / shape().pairs; }

static Expr number(int64_t value) { return static_cast<int32_t>(value); }

/// No pure call: each is an instruction's worth, where it stands.
static Expr call(const std::string &name, const std::vector<Expr> &arguments) {
  return Call::make(Halide::Float(32), name, arguments, Call::Extern);
}

static std::vector<Expr> arguments(const MatrixTile &tile) {
  return {number(tile.columns), number(tile.rows), number(tile.vectors),
          number(tile.lanes), number(tile.channels)};
}

Expr zeroTiles(const MatrixTile &tile) {
  return call(zeroName, arguments(tile));
}

Expr addTiles(const MatrixTile &tile, bool last, Expr pixel, Expr weight,
              Expr pixelStride, Expr rowStride, Expr weightStride) {
  std::vector<Expr> all = arguments(tile);
  all.insert(all.end(), {number(last), pixel, weight, pixelStride, rowStride,
                         weightStride});
  return call(addName, all);
}

Expr storeTiles(const MatrixTile &tile) {
  return call(storeName, arguments(tile));
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

static Stmt instruction(const std::string &name,
                        const std::vector<Expr> &arguments) {
  return Evaluate::make(
      Call::make(Halide::Int(32), name, arguments, Call::Extern));
}

static int64_t value(const Expr &e) {
  std::optional<int64_t> constant = as_const_int(e);
  if (!constant)
    throw std::runtime_error("a matrix tile's size is no constant");
  return *constant;
}

static Expr bytes(const Expr &floats) {
  return simplify(Halide::cast<int64_t>(floats) * Expr(int64_t(4)));
}

namespace {
/// Which registers hold what. Sums come first; then two registers for pixels
/// and two for weights, or one each for whole steps and for the last one.
struct Registers {
  std::vector<int> pixels, weights;

  Registers(const MatrixShape &shape, bool last) {
    int first = kMatrixSums;
    if (shape.rest == 0) {
      pixels = {first, first + 1};
      weights = {first + 2, first + 3};
      return;
    }
    pixels = {last ? first + 2 : first};
    weights = {last ? first + 3 : first + 1};
  }
};

/// Operands in a few registers, the one unused for longest is loaded anew.
class Operands {
public:
  Operands(const std::vector<int> &registers) {
    for (int r : registers)
      held.push_back({r, -1});
  }
  /// The register of operand `index`, which `load` fills if none has it.
  template <typename Load> int get(int64_t index, Load load) {
    auto found = std::find_if(held.begin(), held.end(), [&](const auto &entry) {
      return entry.second == index;
    });
    if (found == held.end()) {
      found = held.begin();
      found->second = index;
      load(found->first);
    }
    std::rotate(found, found + 1, held.end()); // last: used last
    return held.back().first;
  }

private:
  std::vector<std::pair<int, int64_t>> held;
};
} // namespace

static Expr address(const Load *load) {
  return Variable::make(Halide::Handle(), load->name);
}

static const Load *loadOf(const Expr &e) {
  const Load *load = e.as<Load>();
  if (!load)
    throw std::runtime_error("a matrix tile's operand is no load");
  return load;
}

static MatrixTile tileOf(const Call *call) {
  MatrixTile tile;
  tile.columns = value(call->args[0]);
  tile.rows = value(call->args[1]);
  tile.vectors = value(call->args[2]);
  tile.lanes = value(call->args[3]);
  tile.channels = value(call->args[4]);
  return tile;
}

static std::vector<Expr> shapeArguments(const MatrixShape &shape) {
  return {number(shape.rows), number(shape.lanes), number(shape.pairs),
          number(shape.rest)};
}

static Stmt zeros(const MatrixTile &tile) {
  std::vector<Stmt> list = {
      instruction(shapeName, shapeArguments(tile.shape()))};
  int64_t sums = tile.registersPerRow() * tile.rows * tile.vectors;
  for (int64_t i = 0; i < sums; ++i)
    list.push_back(instruction("upconv_tile_zero", {number(i)}));
  return Block::make(list);
}

static Stmt products(const MatrixTile &tile, const Call *call) {
  size_t next = arguments(tile).size();
  bool last = value(call->args[next]) != 0;
  const Load *pixel = loadOf(call->args[next + 1]);
  const Load *weight = loadOf(call->args[next + 2]);
  const Expr &pixelStride = call->args[next + 3];
  const Expr &rowStride = call->args[next + 4];
  const Expr &weightStride = call->args[next + 5];
  MatrixShape shape = tile.shape();
  int64_t macs =
      2 * (last ? shape.rest : shape.pairs) * shape.rows * shape.lanes;

  std::vector<Stmt> list;
  Registers registers(shape, last);
  Operands pixels(registers.pixels), weights(registers.weights);
  // What differs between the registers is added behind the widening: all of a
  // step then share an address.
  auto load = [&](const Load *from, const Expr &distance, const Expr &stride) {
    return [&list, from, distance, stride](int into) {
      list.push_back(
          instruction("upconv_tile_load",
                      {number(into), address(from),
                       bytes(from->index) + bytes(distance), bytes(stride)}));
    };
  };
  int64_t row = 0;
  for (int64_t y = 0; y < tile.rows; ++y)
    for (int64_t start : tile.starts()) {
      for (int64_t i = 0; i < tile.vectors; ++i) {
        // There and back, so that what was loaded last is used first.
        int64_t v = row % 2 ? tile.vectors - 1 - i : i;
        Expr from = number(y) * rowStride + number(start) * pixelStride;
        int a = pixels.get(row, load(pixel, from, pixelStride));
        int b =
            weights.get(v, load(weight, number(v * tile.lanes), weightStride));
        list.push_back(instruction(multiplyTilesName,
                                   {number(row * tile.vectors + v), number(a),
                                    number(b), number(macs)}));
      }
      ++row;
    }
  return Block::make(list);
}

static Stmt stores(const MatrixTile &tile, const Store *op) {
  std::vector<Stmt> list;
  Expr sums = Variable::make(Halide::Handle(), op->name);
  int64_t pixel = tile.vectors * tile.lanes, next = 0;
  for (int64_t y = 0; y < tile.rows; ++y)
    for (int64_t start : tile.starts())
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Expr to = op->index +
                  number((y * tile.columns + start) * pixel + v * tile.lanes);
        list.push_back(
            instruction("upconv_tile_store", {number(next++), sums, bytes(to),
                                              bytes(number(pixel))}));
      }
  return Block::make(list);
}

Stmt LowerMatrixTiles::visit(const Store *op) {
  const Call *call = op->value.as<Call>();
  if (!call)
    return IRMutator::visit(op);
  if (call->name == zeroName)
    return zeros(tileOf(call));
  if (call->name == addName)
    return products(tileOf(call), call);
  if (call->name == storeName)
    return stores(tileOf(call), op);
  return IRMutator::visit(op);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static const Call *shapeCall(const Evaluate *op) {
  const Call *call = op->value.as<Call>();
  return call && call->name == shapeName ? call : nullptr;
}

/// The 64 bytes that ldtilecfg reads, as words: palette 1; from byte 16 on two
/// bytes for each register, those of a row; from byte 48 on one, its rows.
static std::vector<Expr> setting(const MatrixShape &shape) {
  uint8_t data[64] = {1};
  auto set = [&](int64_t tile, int64_t rows, int64_t columns) {
    data[16 + 2 * tile] = static_cast<uint8_t>(4 * columns);
    data[48 + tile] = static_cast<uint8_t>(rows);
  };
  for (int64_t tile = 0; tile < kMatrixSums; ++tile)
    set(tile, shape.rows, shape.lanes);
  for (bool last : {false, true}) {
    int64_t pairs = last && shape.rest > 0 ? shape.rest : shape.pairs;
    Registers registers(shape, last);
    for (int tile : registers.pixels)
      set(tile, shape.rows, pairs);
    for (int tile : registers.weights)
      set(tile, pairs, shape.lanes);
  }
  std::vector<Expr> words;
  for (int i = 0; i < 64; i += 4) {
    uint32_t word = 0;
    for (int byte = 3; byte >= 0; --byte)
      word = word << 8 | data[i + byte];
    words.push_back(make_const(Halide::UInt(32), word));
  }
  return words;
}

namespace {

class FindShapes : public IRVisitor {
public:
  std::set<MatrixShape> shapes;

private:
  using IRVisitor::visit;
  void visit(const Evaluate *op) override {
    if (const Call *call = shapeCall(op))
      shapes.insert({value(call->args[0]), value(call->args[1]),
                     value(call->args[2]), value(call->args[3])});
  }
};

class DropShapes : public IRMutator {
  using IRMutator::visit;
  Stmt visit(const Evaluate *op) override {
    return shapeCall(op) ? Evaluate::make(0) : IRMutator::visit(op);
  }
};

/// Sets the registers up in front of the largest statements of one shape.
class SetShapes : public IRMutator {
public:
  using IRMutator::mutate;
  Stmt mutate(const Stmt &s) override {
    if (!s.defined()) // what a test without an else has
      return s;
    FindShapes found;
    s.accept(&found);
    if (found.shapes.size() > 1)
      return IRMutator::mutate(s);
    if (found.shapes.empty())
      return s;
    std::vector<Expr> words = setting(*found.shapes.begin());
    int count = static_cast<int>(words.size());
    Stmt fill = Store::make(
        name, Shuffle::make_concat(words), Ramp::make(Expr(0), Expr(1), count),
        Halide::Parameter(), const_true(count), ModulusRemainder(count, 0));
    Stmt use = instruction("upconv_tile_configure",
                           {Variable::make(Halide::Handle(), name)});
    return Block::make({fill, use, DropShapes().mutate(s)});
  }
  std::string name = unique_name("tile_shapes");
};

} // namespace

Stmt LowerMatrixTiles::mutate(const Stmt &s) {
  if (inside)
    return IRMutator::mutate(s);
  inside = true;
  SetShapes shapes;
  Stmt body = shapes.mutate(IRMutator::mutate(s));
  inside = false;
  body = Block::make(body, instruction("upconv_tile_release", {}));
  return Allocate::make(shapes.name, Halide::UInt(32),
                        Halide::MemoryType::Stack, {Expr(16)}, const_true(),
                        body);
}

} // namespace upconv
