using System.Globalization;
using Bioproxy.Abstractions;

namespace Bioproxy.Plugins.Shared;

/// <summary>The variables of a template: always the message, and the volatile ones that the configuration enables.</summary>
/// <remarks>Volatile is what differs from request to request besides the message. Before the message it costs the KV cache of all that
/// follows, so it must be enabled explicitly. All values are plain text.</remarks>
internal sealed class Variables
{
    public const string Message = "message";
    public const string Model = "model";
    public const string Date = "date";

    private readonly string _settings;
    private readonly string _dateFormat;

    /// <exception cref="PluginSettingsException">A setting cannot be used; the message names it.</exception>
    public Variables(IPluginServices services)
    {
        _settings = $"plugins.{services.PluginName}";
        var settings = services.Read(EngineJson.Default.EngineSettings);
        foreach (var name in settings.Variables)
        {
            if (name is not (Model or Date))
                throw new PluginSettingsException($"{_settings}.variables has '{name}': there are '{Model}' and '{Date}'.");
        }

        HasModel = settings.Variables.Contains(Model);
        HasDate = settings.Variables.Contains(Date);
        _dateFormat = settings.DateFormat;
        CheckDateFormat();
    }

    public bool HasModel { get; }

    public bool HasDate { get; }

    /// <summary>The values of one rendering by their names. The model is null when the request names none.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Of(TemplateVariables variables)
    {
        yield return new(Message, variables.Message);
        if (HasModel)
            yield return new(Model, variables.Model);
        if (HasDate)
            yield return new(Date, variables.Time.ToString(_dateFormat, CultureInfo.InvariantCulture));
    }

    /// <summary>The error for a template that uses a name which <see cref="Of"/> does not provide.</summary>
    public string Refusal(string name)
    {
        if (name is Model or Date)
            return $"'{name}' is not switched on, because its value differs from request to request: write it into "
                + $"'{_settings}.variables' in the configuration, or take it out of the template.";
        string[] known = [Message, .. HasModel ? [Model] : Array.Empty<string>(), .. HasDate ? [Date] : Array.Empty<string>()];
        return $"'{name}' is unknown: the variables are {string.Join(", ", known)}.";
    }

    private void CheckDateFormat()
    {
        try
        {
            if (_dateFormat.Length == 0)
                throw new FormatException("It is empty.");
            _ = default(DateTimeOffset).ToString(_dateFormat, CultureInfo.InvariantCulture);
        }
        catch (FormatException e)
        {
            throw new PluginSettingsException($"{_settings}.date_format '{_dateFormat}' is no date format of .NET, such as 'yyyy-MM-dd': "
                + $"{e.Message}", e);
        }
    }
}
