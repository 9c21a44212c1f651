using System.Text.Json.Serialization;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Metadata without reflection, which would keep the plugin from being unloaded.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StabiliserSettings))]
internal sealed partial class StabiliserJson : JsonSerializerContext;
