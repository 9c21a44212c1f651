using System.Text.Json.Serialization;

namespace Bioproxy.Fixtures.Life;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LifeSettings))]
internal sealed partial class LifeJson : JsonSerializerContext;
