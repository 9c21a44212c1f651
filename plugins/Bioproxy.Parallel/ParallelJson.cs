using System.Text.Json.Serialization;

namespace Bioproxy.Parallel;

/// <summary>Source-generated JSON metadata: reflection would keep the plugin in memory.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ParallelSettings))]
internal sealed partial class ParallelJson : JsonSerializerContext;
