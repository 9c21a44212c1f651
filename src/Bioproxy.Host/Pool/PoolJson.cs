using System.Text.Json.Serialization;

namespace Bioproxy.Host.Pool;

/// <summary>Source-generated JSON of the pool's own files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ChildRecord))]
internal sealed partial class PoolJson : JsonSerializerContext;
