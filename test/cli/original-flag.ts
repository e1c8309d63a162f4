// The flags of each of the original's commands (1.18), but for those that every command has: --verbose, --debug, --user-agent.

export const ORIGINAL_FLAGS: Readonly<Record<string, string>> = {
  "config set": "--path",
  "config show": "",
  "connection create": "--set --file -f --name -n",
  "connection update": "--set --name -n",
  "connection show": "--name -n",
  "connection list": "-r --max-results --all-results",
  "connection delete": "--name -n -y --yes --assume-yes",
  "flow init": "--type -y --yes --assume-yes --flow --entry --function --prompt-template --connection --deployment",
  "flow save": "--entry --code --path",
  "flow test":
    "--flow --node --variant --interactive --input --inputs --environment-variables --multi-modal --ui --config --detail --collection --skip-open-browser --init --url-params --port",
  "flow serve":
    "--source --port --host --engine --static_folder --environment-variables --config --skip-open-browser --init",
  "flow build": "--source --output -o --format -f --flow-only --variant -v",
  "flow validate": "--source",
  "run create":
    "-f --file -s --stream --flow --variant --run -n --name --column-mapping --environment-variables --connections --set --resume-from --init --data --source",
  "run update": "-n --name --set",
  "run stream": "-n --name",
  "run list": "-r --max-results --all-results --archived-only --include-archived -o --output",
  "run show": "-n --name",
  "run show-details": "-r --max-results -n --name --all-results",
  "run show-metrics": "-n --name",
  "run visualize": "-n --names --html-path",
  "run archive": "-n --name",
  "run restore": "-n --name",
  "run delete": "-n --name -y --yes --assume-yes",
  "tool init": "--package --tool --set",
  "tool list": "--flow",
  "tool validate": "--source",
  "trace delete": "--run --collection --started-before -y --yes --assume-yes",
  "service start": "-p --port --force",
  "service stop": "",
  "service status": "",
  upgrade: "-y --yes --assume-yes",
};
