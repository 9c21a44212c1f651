using System.Text.Json.Serialization;

namespace Bioproxy.UnitTests.PromptTests;

[JsonSerializable(typeof(string))]
internal sealed partial class TestJson : JsonSerializerContext;
