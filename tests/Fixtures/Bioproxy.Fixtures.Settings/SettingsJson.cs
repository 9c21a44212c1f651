using System.Text.Json.Serialization;

namespace Bioproxy.Fixtures.Settings;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(GreetingSettings))]
internal sealed partial class SettingsJson : JsonSerializerContext;
