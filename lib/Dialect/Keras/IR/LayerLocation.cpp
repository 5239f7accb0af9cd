//===- LayerLocation.cpp - Errors that point at a layer's argument --------===//

#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace {

/// The dictionary of argument places inside a layer's location, or null.
DictionaryAttr argumentPlacesOf(Location location) {
  LocationAttr inner = location;
  while (auto named = dyn_cast<NameLoc>(inner))
    inner = named.getChildLoc();
  auto fused = dyn_cast<FusedLoc>(inner);
  return fused ? dyn_cast_or_null<DictionaryAttr>(fused.getMetadata())
               : DictionaryAttr();
}

/// The layer's own place: without its name, without its arguments' places.
Location placeOf(Location location) {
  LocationAttr inner = location;
  while (auto named = dyn_cast<NameLoc>(inner))
    inner = named.getChildLoc();
  if (auto fused = dyn_cast<FusedLoc>(inner))
    if (isa_and_nonnull<DictionaryAttr>(fused.getMetadata()) &&
        !fused.getLocations().empty())
      return fused.getLocations().front();
  return inner;
}

LocationAttr findArgument(Location location, StringRef argument) {
  DictionaryAttr places = argumentPlacesOf(location);
  if (!places || argument.empty())
    return {};
  return dyn_cast_or_null<LocationAttr>(places.get(argument));
}

} // namespace

Location upconv::keras::getLayerLocation(
    StringRef layerName, Location place,
    ArrayRef<std::pair<StringRef, Location>> argumentPlaces) {
  MLIRContext *context = place.getContext();
  Location inner = place;
  if (!argumentPlaces.empty()) {
    SmallVector<NamedAttribute> entries;
    for (const auto &[name, where] : argumentPlaces)
      entries.emplace_back(StringAttr::get(context, name), LocationAttr(where));
    inner =
        FusedLoc::get({place}, DictionaryAttr::get(context, entries), context);
  }
  return NameLoc::get(StringAttr::get(context, layerName), inner);
}

StringRef upconv::keras::getLayerName(Location location) {
  if (auto named = dyn_cast<NameLoc>(LocationAttr(location)))
    return named.getName().getValue();
  return {};
}

Location upconv::keras::getArgumentLocation(Location location,
                                            StringRef argument) {
  if (LocationAttr found = findArgument(location, argument))
    return found;
  return placeOf(location);
}

bool upconv::keras::hasArgumentLocation(Location location, StringRef argument) {
  return bool(findArgument(location, argument));
}

InFlightDiagnostic upconv::keras::emitLayerError(Location location,
                                                 StringRef layerClass,
                                                 StringRef argument) {
  InFlightDiagnostic diagnostic =
      emitError(getArgumentLocation(location, argument));
  diagnostic << "layer ";
  if (StringRef name = getLayerName(location); !name.empty())
    diagnostic << "'" << name << "' ";
  diagnostic << "(" << layerClass << "): ";
  return diagnostic;
}
