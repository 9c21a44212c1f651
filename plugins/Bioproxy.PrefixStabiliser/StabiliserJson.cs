using System.Text.Json.Serialization;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Source-generated JSON metadata: reflection would keep the plugin in memory.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StabiliserSettings))]
internal sealed partial class StabiliserJson : JsonSerializerContext;
