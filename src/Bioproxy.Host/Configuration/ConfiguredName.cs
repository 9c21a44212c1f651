namespace Bioproxy.Host.Configuration;

/// <summary>The names that a configuration gives to backends, models and storage: labels of metrics, and parts of paths.</summary>
internal static class ConfiguredName
{
    public const string Accepted = "letters, digits and any of . _ - : without white space and slashes";

    public static bool IsValid(string name) =>
        name.Length > 0 && name.All(character => char.IsLetterOrDigit(character) || character is '.' or '_' or '-' or ':');
}
