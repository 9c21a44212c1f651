using System.Text.Json.Serialization;

namespace Bioproxy.Parallel;

/// <summary>The settings' JSON by source-generated metadata, so that nothing keeps the plugin in memory.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ParallelSettings))]
internal sealed partial class ParallelJson : JsonSerializerContext;
