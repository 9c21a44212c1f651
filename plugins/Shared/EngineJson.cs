using System.Text.Json.Serialization;

namespace Bioproxy.Plugins.Shared;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(EngineSettings))]
internal sealed partial class EngineJson : JsonSerializerContext;
