using System.Text.Json.Serialization;

namespace Bioproxy.Redactor;

/// <summary>Metadata without reflection, which would keep the plugin from being unloaded.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RedactorSettings))]
internal sealed partial class RedactorJson : JsonSerializerContext;
