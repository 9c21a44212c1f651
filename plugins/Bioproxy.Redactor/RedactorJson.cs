using System.Text.Json.Serialization;

namespace Bioproxy.Redactor;

/// <summary>Source-generated JSON metadata: reflection would keep the plugin in memory.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RedactorSettings))]
internal sealed partial class RedactorJson : JsonSerializerContext;
